import Foundation

/// A new, empty folder that goes away with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("zhicheng-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Everything below a folder, as paths within it.
    func paths(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path + "/" + folder).sorted()
    }

    func mode(_ name: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    func write(_ name: String, hoursAgo hours: Double) throws {
        try Data([1]).write(to: URL(fileURLWithPath: path + "/" + name))
        try setAge(path + "/" + name, hours)
    }

    /// Makes a stored file older.
    func age(_ hash: [UInt8], byHours hours: Double) throws {
        let name = hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try setAge("\(path)/files/\(name.prefix(2))/\(name)", hours)
    }

    /// Changes a byte of the only stored file.
    func damageFile() throws {
        let names = try paths("files").filter { $0.contains("/") }
        let url = URL(fileURLWithPath: path + "/files/" + names[0])
        var content = try Data(contentsOf: url)
        content[content.count - 1] ^= 1
        try content.write(to: url)
    }

    private func setAge(_ file: String, _ hours: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3_600 * hours)], ofItemAtPath: file)
    }
}
