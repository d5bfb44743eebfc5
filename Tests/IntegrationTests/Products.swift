import Foundation

/// Where things are that these tests run.
enum Products {
    /// The package's folder.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let services = [
        "identity-service", "archive-service", "declaration-service", "quota-service",
        "task-aggregator",
    ]

    /// A built executable: beside the test's own, or where `swift build` puts them.
    static func executable(_ name: String) -> URL {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: own).deletingLastPathComponent()
            .appendingPathComponent(name)
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return root.appendingPathComponent(".build/debug/\(name)")
    }
}

/// A program that was run to its end.
struct Finished: Sendable {
    let status: Int32
    let output: String
    let errors: String
}

/// Runs a program to its end, its output in files so that no pipe fills up.
/// - Parameters:
///   - input: what it reads from standard input.
///   - environment: added to this process's.
func run(
    _ executable: URL, _ arguments: [String], input: String = "",
    environment: [String: String] = [:]
) async throws -> Finished {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("zhicheng-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String, _ content: String = "") throws -> FileHandle {
        let url = folder.appendingPathComponent(name)
        try content.write(to: url, atomically: false, encoding: .utf8)
        return try FileHandle(forUpdating: url)
    }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try file("input", input)
    process.standardOutput = try file("output")
    process.standardError = try file("errors")
    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in ended.resume() }
        do {
            try process.run()
        } catch {
            process.terminationHandler = nil
            ended.resume(throwing: error)
        }
    }
    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
    }
    return Finished(
        status: process.terminationStatus, output: try text("output"), errors: try text("errors"))
}
