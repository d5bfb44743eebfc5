import Foundation
import Secrets
import Testing

private let someKey = String(repeating: "0a", count: 32)

@Suite("Service key files")
struct KeyFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("A made file is the owner's alone, and its key is read again")
    func roundTrip() throws {
        let path = folder.path + "/service.key"
        try KeyFile.create(at: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        let key = try KeyFile.read(at: path)
        #expect(key.count == 32)
        #expect(try KeyFile.read(at: path) == key)
        #expect(try folder.names() == ["service.key"])
    }

    @Test("Two files have two keys")
    func random() throws {
        try KeyFile.create(at: folder.path + "/a")
        try KeyFile.create(at: folder.path + "/b")
        #expect(try KeyFile.read(at: folder.path + "/a") != KeyFile.read(at: folder.path + "/b"))
    }

    @Test("A file that is there is never replaced")
    func neverReplaced() throws {
        let path = try folder.file("precious")
        let error = #expect(throws: KeyFileError.self) { try KeyFile.create(at: path) }
        #expect(error?.description.contains(path) == true)
        #expect(throws: KeyFileError.self) { try KeyRing.create(at: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        #expect(try folder.names().count == 1)
    }

    @Test("A folder that is not there is said")
    func noFolder() {
        let path = folder.path + "/none/service.key"
        let error = #expect(throws: KeyFileError.self) { try KeyFile.create(at: path) }
        #expect(error?.description.contains(path) == true)
    }

    @Test(
        "A file that others may use is refused, with what to do",
        arguments: [
            0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777,
        ])
    func openToOthers(mode: Int) throws {
        let path = try folder.file("service-key \(someKey)\n", mode: mode)
        let error = #expect(throws: KeyFileError.self) { try KeyFile.read(at: path) }
        #expect(error?.description.contains("chmod 600 \(path)") == true)
    }

    @Test("Read-only for the owner is fine")
    func readOnly() throws {
        let path = try folder.file("# of the test deployment\nservice-key \(someKey)", mode: 0o400)
        #expect(try KeyFile.read(at: path) == [UInt8](repeating: 10, count: 32))
    }

    @Test(
        "What is no service key is refused, and not repeated",
        arguments: [
            "", "\n", "service-key", someKey, "service-key \(someKey.dropLast())",
            "service-key \(someKey.dropLast(2))", "service-key \(someKey)00",
            "service-key \(someKey.dropLast())g", "service-key \(someKey) more",
            "service-key \(someKey)\nservice-key \(someKey)", "field-key 1 \(someKey)",
            "index-key \(someKey)", String(repeating: "a", count: 4_097), "\u{0}\u{0}\u{0}",
        ])
    func malformed(text: String) throws {
        let path = try folder.file(text)
        let error = #expect(throws: KeyFileError.self) { try KeyFile.read(at: path) }
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains("0a0a") == false)
    }

    @Test("Every cut of a good file is refused")
    func truncations() throws {
        let text = "service-key \(someKey)"
        for length in 0..<text.count {
            let path = try folder.file(String(text.prefix(length)))
            #expect(throws: KeyFileError.self) { try KeyFile.read(at: path) }
        }
    }

    @Test("A missing file, a folder and a pipe are refused at once")
    func noFiles() throws {
        #expect(throws: KeyFileError.self) { try KeyFile.read(at: folder.path + "/missing") }
        #expect(throws: KeyFileError.self) { try KeyFile.read(at: folder.path) }
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: KeyFileError.self) { try KeyFile.read(at: pipe) }
    }
}

@Suite("Field key files")
struct KeyRingFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("A made file is the owner's alone and can be used")
    func created() throws {
        let path = folder.path + "/field.keys"
        try KeyRing.create(at: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(throws: Never.self) { try KeyRing(file: path) }
    }

    @Test("A file that others may read is refused")
    func openToOthers() throws {
        let path = try folder.file(
            "index-key \(someKey)\nfield-key 1 \(someKey)\n", mode: 0o640)
        #expect(throws: KeyFileError.self) { try KeyRing(file: path) }
    }

    @Test(
        "A wrong line is named, and no key is repeated",
        arguments: [
            ("", "no index key"), ("index-key \(someKey)", "no field key"),
            ("field-key 1 \(someKey)", "no index key"),
            (
                "index-key \(someKey)\nindex-key \(someKey)\nfield-key 1 \(someKey)",
                "two index keys"
            ),
            (
                "index-key \(someKey)\nfield-key 1 \(someKey)\nfield-key 1 \(someKey)",
                "version 1 twice"
            ),
            ("index-key \(someKey)\nfield-key 0 \(someKey)", "1 to 65535"),
            ("index-key \(someKey)\nfield-key 65536 \(someKey)", "1 to 65535"),
            ("index-key \(someKey)\nfield-key one \(someKey)", "1 to 65535"),
            ("index-key \(someKey)\nfield-key \(someKey)", "a line is"),
            ("index-key \(someKey)\nfield-key 1 \(someKey.dropLast())", "64 hexadecimal digits"),
            ("index-key \(someKey)\nservice-key \(someKey)", "a line is"),
            ("nonsense", "64 hexadecimal digits"),
        ])
    func malformed(text: String, reason: String) throws {
        let path = try folder.file(text)
        let error = #expect(throws: KeyFileError.self) { try KeyRing(file: path) }
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains("0a0a") == false)
    }

    @Test("Sixteen field keys are read, seventeen are not")
    func bounded() throws {
        func text(_ count: Int) -> String {
            "index-key \(someKey)\n"
                + (1...count).map { "field-key \($0) \(someKey)\n" }.joined()
        }
        let most = try folder.file(text(16))
        #expect(throws: Never.self) { try KeyRing(file: most) }
        let more = try folder.file(text(17))
        #expect(throws: KeyFileError.self) { try KeyRing(file: more) }
    }
}
