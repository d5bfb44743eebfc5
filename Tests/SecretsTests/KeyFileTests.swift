import Foundation
import Secrets
import Testing

private let someKey = String(repeating: "0a", count: 32)
private let someKeys = "index-key \(someKey)\nfield-key 1 \(someKey)"

@Suite("Files that hold keys")
struct KeyFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("Two files have two keys")
    func random() throws {
        try KeyRing.create(at: folder.path + "/a")
        try KeyRing.create(at: folder.path + "/b")
        let texts = try ["a", "b"].map {
            try String(contentsOfFile: folder.path + "/" + $0, encoding: .utf8)
        }
        #expect(texts[0] != texts[1])
        #expect(try Set(folder.names()) == ["a", "b"])
    }

    @Test("A file that is there is never replaced")
    func neverReplaced() throws {
        let path = try folder.file("precious")
        let error = #expect(throws: KeyFileError.self) { try KeyRing.create(at: path) }
        #expect(error?.description.contains(path) == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        #expect(try folder.names().count == 1)
    }

    @Test("A folder that is not there is said")
    func noFolder() {
        let path = folder.path + "/none/field.keys"
        let error = #expect(throws: KeyFileError.self) { try KeyRing.create(at: path) }
        #expect(error?.description.contains(path) == true)
    }

    @Test(
        "A file that others may use is refused, with what to do",
        arguments: [
            0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777,
        ])
    func openToOthers(mode: Int) throws {
        let path = try folder.file(someKeys + "\n", mode: mode)
        let error = #expect(throws: KeyFileError.self) { try KeyRing(file: path) }
        #expect(error?.description.contains("chmod 600 \(path)") == true)
    }

    @Test("Read-only for the owner is fine")
    func readOnly() throws {
        let path = try folder.file("# of the test deployment\n" + someKeys, mode: 0o400)
        #expect(throws: Never.self) { try KeyRing(file: path) }
    }

    @Test("Every cut of a good file is refused")
    func truncations() throws {
        for length in 0..<someKeys.count {
            let path = try folder.file(String(someKeys.prefix(length)))
            #expect(throws: KeyFileError.self) { try KeyRing(file: path) }
        }
    }

    @Test("A missing file, a folder and a pipe are refused at once")
    func noFiles() throws {
        #expect(throws: KeyFileError.self) { try KeyRing(file: folder.path + "/missing") }
        #expect(throws: KeyFileError.self) { try KeyRing(file: folder.path) }
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: KeyFileError.self) { try KeyRing(file: pipe) }
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
