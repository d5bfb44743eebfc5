import Foundation
import MessageCoding
import Messages
import Testing

/// PyPI's `protobuf`, an implementation that shares no code with libprotobuf-c nor with the generator.
private enum Python {
    /// Names the interpreter that has it. With it the tests must run; `Scripts/test` sets it.
    static let variable = "ZHICHENG_PYTHON"
    static let demanded = ProcessInfo.processInfo.environment[variable]
    static var interpreter: String { demanded ?? "python3" }

    static func isThere() throws -> Bool {
        try withTemporaryFolder { folder in
            let check = [interpreter, "-c", "import google.protobuf"]
            return (try? run(check, writingTo: folder)) != nil
                && (try? run(["protoc", "--version"], writingTo: folder)) != nil
        }
    }
}

@Suite("Another implementation understands the messages, and is understood")
struct PythonTests {
    private static let valuesPerType = 10

    @Test(
        "Every type, both ways",
        .enabled("needs protoc, and python3 with PyPI's protobuf (ZHICHENG_PYTHON names one)") {
            // Where it is demanded, its absence is a failure.
            try Python.demanded != nil || Python.isThere()
        })
    func bothWays() throws {
        try #require(
            try Python.isThere(),
            "\(Python.variable) is \(Python.interpreter), but it or protoc does not work")
        var sent = Sent()
        for type in allMessages { try sent.add(type, count: Self.valuesPerType) }
        let answers = try exchange(sent.file)
        #expect(
            answers.first.map { String(decoding: $0, as: UTF8.self) } == sent.typeNames,
            "Messages holds exactly the types of proto/")
        try #require(answers.count == 1 + 2 * sent.checks.count)
        for (index, check) in sent.checks.enumerated() {
            try check(answers[1 + 2 * index], answers[2 + 2 * index])
        }
    }

    private func exchange(_ input: [UInt8]) throws -> [[UInt8]] {
        try withTemporaryFolder { folder in
            let protos = repositoryRoot.appendingPathComponent("proto").path
            let names = try FileManager.default.contentsOfDirectory(atPath: protos)
                .filter { $0.hasSuffix(".proto") }
            try run(
                ["protoc", "-I", protos, "--python_out", folder.path] + names, writingTo: folder)
            let source = folder.appendingPathComponent("input")
            let target = folder.appendingPathComponent("output")
            try Data(input).write(to: source)
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("exchange.py")
            try run(
                [Python.interpreter, script.path, folder.path, source.path, target.path],
                writingTo: folder)
            return frames(in: [UInt8](try Data(contentsOf: target)))
        }
    }

    private func frames(in file: [UInt8]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var rest = file[...]
        while rest.count >= 4 {
            let size = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            result.append(Array(rest.dropFirst(4).prefix(size)))
            rest = rest.dropFirst(4 + size)
        }
        return result
    }
}

/// The messages on their way to Python, and what is to be said of its answers.
private struct Sent {
    /// Frames of type names and messages, in turn.
    private(set) var file: [UInt8] = []
    /// One per message: compares what Python read, and what it wrote.
    private(set) var checks: [(_ told: [UInt8], _ written: [UInt8]) throws -> Void] = []

    /// As Python lists its types.
    var typeNames: String { allMessages.map { $0.fullName }.sorted().joined(separator: ",") }

    mutating func add<M: RandomMessage>(_ type: M.Type, count: Int) throws {
        for index in 0..<count {
            var source = RandomSource(type, 1000 + index)
            let value = M(random: &source)
            try add(value, as: value.encodedBytes())
        }
    }

    private mutating func add<M: Message>(_ value: M, as bytes: [UInt8]) throws {
        frame(Array(M.fullName.utf8))
        frame(bytes)
        checks.append { read, written in
            #expect(String(decoding: read, as: UTF8.self) == told(value))
            let decoded = try M(decoding: written)
            #expect(decoded == value)
        }
    }

    private mutating func frame(_ bytes: [UInt8]) {
        file += withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
    }
}
