import Foundation

/// A program came to an end that was not expected; the text is what it wrote.
struct ProgramFailure: Error, CustomStringConvertible {
    let description: String
}

/// Runs a program to its end.
/// - Parameter command: a name to look up in PATH, or a path; then its arguments.
/// - Throws: `ProgramFailure` unless it ends with 0.
func run(_ command: [String], writingTo folder: URL) throws {
    let log = folder.appendingPathComponent("\(UUID()).log")
    try Data().write(to: log)
    let output = try FileHandle(forWritingTo: log)
    defer { try? output.close() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
        throw ProgramFailure(
            description: "\(command.joined(separator: " ")): ended with "
                + "\(process.terminationStatus)\n\(text)")
    }
}

/// A folder that is there as long as `body` runs.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "zhicheng-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// The repository's root, found from this file.
let repositoryRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
