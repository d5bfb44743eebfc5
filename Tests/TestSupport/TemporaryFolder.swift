import Foundation

/// A new, empty folder with mode 0700, removed with all that is in it when the body ends.
/// - Parameter body: is given the folder's path.
package func withTemporaryFolder<Result>(
    _ body: (String) async throws -> Result
) async throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try await body(folder.path)
}

/// A new, empty folder with mode 0700; ``remove()`` is the maker's duty.
package struct TemporaryFolder: Sendable {
    package let path: String

    /// - Throws: what the file system says.
    package init() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("zhicheng-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        path = folder.path
    }

    /// Removes the folder and all that is in it.
    package func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
