import Attachments
import Foundation
import Testing

@Suite("Attachments")
struct AttachmentStoreTests {
    private let folder: TemporaryFolder
    private let store: AttachmentStore
    private let pdf = Array("%PDF-1.7 证明".utf8)

    init() throws {
        folder = try TemporaryFolder()
        store = try AttachmentStore(directory: folder.path + "/files")
    }

    @Test(
        "A stored file is read again, by its hash",
        arguments: [
            (AttachmentKind.pdf, "证明.pdf"), (.jpg, "a.jpg"), (.jpg, "a.JPEG"), (.png, "a b.PNG"),
            (.doc, "a.doc"), (.docx, "a.pdf.docx"),
        ])
    func roundTrip(kind: AttachmentKind, name: String) throws {
        let bytes = kind.magic + [1, 2, 3]
        let stored = try store.store(bytes, fileName: name, allowing: Set(AttachmentKind.allCases))
        #expect(stored.kind == kind && stored.byteCount == bytes.count)
        #expect(stored.sha256.count == 32)
        #expect(try store.read(stored.sha256) == bytes)
        #expect(!kind.mediaType.isEmpty)
    }

    @Test("The name on the disk is the content's hash; files and folders are the owner's alone")
    func names() throws {
        _ = try store.store(Array("%PDF-".utf8), fileName: "a.pdf", allowing: [.pdf])
        let paths = try folder.paths("files")
        #expect(paths.count == 2)
        let file = try #require(paths.first { $0.contains("/") })
        #expect(file == "38/38523c087796e5d5dd1cf9bad1fb026781a838dd9dd2cf8af58b9f6502a46778")
        #expect(try folder.mode("files") == 0o700)
        #expect(try folder.mode("files/" + file.prefix(2)) == 0o700)
        #expect(try folder.mode("files/" + file) == 0o600)
    }

    @Test("Storing again changes nothing, and mends a damaged file")
    func idempotent() throws {
        let first = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        let second = try store.store(pdf, fileName: "b.pdf", allowing: [.pdf, .doc])
        #expect(first == second)
        #expect(try folder.paths("files").count == 2)
        try folder.damageFile()
        #expect(throws: AttachmentError.self) { try store.read(first.sha256) }
        _ = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        #expect(try store.read(first.sha256) == pdf)
    }

    @Test("It survives a restart")
    func reopened() throws {
        let stored = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        let again = try AttachmentStore(directory: folder.path + "/files")
        #expect(try again.read(stored.sha256) == pdf)
    }

    @Test(
        "Faults of the uploader",
        arguments: [
            ("", "文件名应为 1 至 120 个字符"),
            (String(repeating: "长", count: 117) + ".pdf", "文件名应为 1 至 120 个字符"),
            ("a\n.pdf", "文件名不能包含控制字符、“/”或“\\”"), ("../a.pdf", "文件名不能包含控制字符、“/”或“\\”"),
            ("C:\\a.pdf", "文件名不能包含控制字符、“/”或“\\”"), ("a\u{0}.pdf", "文件名不能包含控制字符、“/”或“\\”"),
            ("fdp.\u{202E}a.pdf", "文件名不能包含控制字符、“/”或“\\”"),
            ("a\u{2028}.pdf", "文件名不能包含控制字符、“/”或“\\”"),
            ("a", "只支持以下类型的文件：pdf、doc"), ("pdf", "只支持以下类型的文件：pdf、doc"),
            (".pdf", "只支持以下类型的文件：pdf、doc"),
            ("a.exe", "只支持以下类型的文件：pdf、doc"), ("a.pdf.exe", "只支持以下类型的文件：pdf、doc"),
            ("a.png", "只支持以下类型的文件：pdf、doc"), ("a.pdf ", "只支持以下类型的文件：pdf、doc"),
            ("a.doc", "文件内容与扩展名 doc 不符"),
        ])
    func faults(name: String, message: String) throws {
        let error = #expect(throws: AttachmentError.self) {
            try store.store(pdf, fileName: name, allowing: [.pdf, .doc])
        }
        #expect(error?.isFault == true)
        #expect(error?.message == message)
        #expect(try folder.paths("files").isEmpty)
    }

    @Test("A name of 120 characters is one")
    func longestName() throws {
        let name = String(repeating: "长", count: 116) + ".pdf"
        #expect(throws: Never.self) {
            try store.store(pdf, fileName: name, allowing: [.pdf])
        }
        let combined = String(repeating: "e" + String(repeating: "\u{301}", count: 99), count: 50)
        #expect(throws: AttachmentError.self) {
            try store.store(pdf, fileName: combined + ".pdf", allowing: [.pdf])
        }
    }

    @Test("10,485,760 bytes are stored, one more is not")
    func bounded() throws {
        let most = pdf + [UInt8](repeating: 7, count: AttachmentStore.limit - pdf.count)
        let stored = try store.store(most, fileName: "a.pdf", allowing: [.pdf])
        #expect(stored.byteCount == 10_485_760)
        #expect(try store.read(stored.sha256) == most)
        let error = #expect(throws: AttachmentError.self) {
            try store.store(most + [7], fileName: "a.pdf", allowing: [.pdf])
        }
        #expect(error?.message == "文件最大 10485760 字节，所选文件至少有 10485761 字节")
        let empty = #expect(throws: AttachmentError.self) {
            try store.store([], fileName: "a.pdf", allowing: [.pdf])
        }
        #expect(empty?.isFault == true)
    }

    @Test(
        "Content of another kind, or cut within its mark, is refused",
        arguments: AttachmentKind.allCases)
    func magic(kind: AttachmentKind) {
        for other in AttachmentKind.allCases where other != kind {
            let error = #expect(throws: AttachmentError.self) {
                try store.store(other.magic, fileName: "a.\(kind)", allowing: [kind, other])
            }
            #expect(error?.isFault == true)
        }
        for length in 0..<kind.magic.count {
            #expect(throws: AttachmentError.self) {
                try store.store(
                    Array(kind.magic.prefix(length)), fileName: "a.\(kind)", allowing: [kind])
            }
        }
    }

    @Test("What is not there or damaged is the operator's matter")
    func notRead() throws {
        for hash in [[], [1], [UInt8](repeating: 1, count: 32), [UInt8](repeating: 1, count: 33)] {
            let error = #expect(throws: AttachmentError.self) { try store.read(hash) }
            #expect(error?.isFault == false)
        }
        let stored = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        try folder.damageFile()
        let error = #expect(throws: AttachmentError.self) { try store.read(stored.sha256) }
        #expect(error?.isFault == false && error?.message.contains("damaged") == true)
    }

    @Test("A folder that cannot be made is said")
    func noFolder() throws {
        for path in ["/none/files", "/file"] {
            try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
            let error = #expect(throws: AttachmentError.self) {
                try AttachmentStore(directory: folder.path + path)
            }
            #expect(error?.isFault == false && error?.message.contains(path) == true)
        }
    }

    /// All parts, as a service does it once a day.
    private func sweep(keeping referred: Set<[UInt8]>) throws -> Int {
        try (UInt8.min...UInt8.max).reduce(0) {
            try $0 + store.sweep($1, grace: .seconds(86_400), keeping: referred)
        }
    }

    @Test("The sweep removes what no row refers to, once it is old")
    func sweep() throws {
        let kept = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        let orphan = try store.store(pdf + [1], fileName: "a.pdf", allowing: [.pdf])
        let young = try store.store(pdf + [2], fileName: "a.pdf", allowing: [.pdf])
        try folder.age(kept.sha256, byHours: 25)
        try folder.age(orphan.sha256, byHours: 25)
        try folder.write("files/README", hoursAgo: 25)
        #expect(try sweep(keeping: [kept.sha256]) == 1)
        #expect(try store.read(kept.sha256) == pdf)
        #expect(try store.read(young.sha256) == pdf + [2])
        #expect(throws: AttachmentError.self) { try store.read(orphan.sha256) }
        #expect(try folder.paths("files").contains("README"))
        #expect(try sweep(keeping: [kept.sha256]) == 0)
    }

    @Test("A file that is uploaded again is young again")
    func sweepSparesReuploads() throws {
        let stored = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        try folder.age(stored.sha256, byHours: 25)
        _ = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        #expect(try sweep(keeping: []) == 0)
        #expect(try store.read(stored.sha256) == pdf)
    }

    @Test("Many uploads of few contents at once", .timeLimit(.minutes(1)))
    func concurrent() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<64 {
                group.addTask { [store, pdf] in
                    let bytes = pdf + [UInt8(index % 4)]
                    let stored = try store.store(bytes, fileName: "a.pdf", allowing: [.pdf])
                    #expect(try store.read(stored.sha256) == bytes)
                }
            }
            try await group.waitForAll()
        }
        #expect(try folder.paths("files").filter { $0.contains("/") }.count == 4)
    }
}
