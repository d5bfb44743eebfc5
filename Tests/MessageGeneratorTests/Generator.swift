import Foundation

/// The built plugin, run by protoc.
enum Generator {
    /// What protoc made, or what it said.
    enum Outcome {
        /// Contents by file name.
        case files([String: String])
        case refusal(String)

        var files: [String: String] {
            if case .files(let files) = self { files } else { [:] }
        }

        var refusal: String? {
            if case .refusal(let text) = self { text } else { nil }
        }
    }

    /// The repository's root, found from this file.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Beside the running test binary, or where a plain `swift build` puts it.
    static var plugin: URL? {
        let running = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return [running.deletingLastPathComponent(), root.appendingPathComponent(".build/debug")]
            .map { $0.appendingPathComponent("protoc-gen-zhicheng") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    /// Whether Debian's protobuf-compiler and protobuf-c-compiler are there.
    static var hasCompilers: Bool {
        ["protoc", "protoc-c"].allSatisfy {
            (try? run([$0, "--version"]).status) == 0
        }
    }

    /// - Parameters:
    ///   - parameter: the kind of output.
    ///   - protos: contents by file name, of which all are generated.
    static func generate(_ parameter: String, _ protos: [String: String]) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "zhicheng-\(UUID())")
        let out = folder.appendingPathComponent("out")
        try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in protos {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        guard let plugin else { throw Missing() }
        let (status, output) = try run(
            [
                "protoc", "-I", folder.path, "--plugin=protoc-gen-zhicheng=\(plugin.path)",
                "--zhicheng_out=\(parameter):\(out.path)",
            ] + protos.keys.sorted())
        guard status == 0 else { return .refusal(output) }
        var files: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: out.path) {
            let data = try Data(contentsOf: out.appendingPathComponent(name))
            files[name] = String(decoding: data, as: UTF8.self)
        }
        return .files(files)
    }

    /// One file `test.proto` of package `test.v1`, with the body given.
    static func generate(_ parameter: String, _ body: String) throws -> Outcome {
        try generate(
            parameter, ["test.proto": "syntax = \"proto3\"; package test.v1;\n\(body)"])
    }

    /// Runs a program to its end: how it ended, and what it wrote.
    static func run(
        _ command: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = environment.map { "\($0)=\($1)" } + command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// The plugin is not built.
    struct Missing: Error, CustomStringConvertible {
        var description: String { "protoc-gen-zhicheng is neither beside the tests nor in .build" }
    }
}
