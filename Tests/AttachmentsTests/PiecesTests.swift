import Attachments
import Foundation
import Testing

@Suite("Attachments in pieces")
struct PiecesTests {
    private let folder: TemporaryFolder
    private let store: AttachmentStore
    private let pdf = Array("%PDF-1.7 证明".utf8)

    init() throws {
        folder = try TemporaryFolder()
        store = try AttachmentStore(directory: folder.path + "/files")
    }

    private func fault(_ body: () throws -> Void) -> AttachmentError? {
        #expect(throws: AttachmentError.self) { () throws in try body() }
    }

    @Test("However it is cut, it is the same file; it goes out in pieces again")
    func everyCut() throws {
        let whole = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        for cut in 0...pdf.count {
            let file = try store.incoming("a.pdf", allowing: [.pdf])
            try file.append(Array(pdf[..<cut]))
            try file.append(Array(pdf[cut...]))
            #expect(file.byteCount == pdf.count)
            #expect(try file.finish() == whole)
        }
        for most in 1...pdf.count + 1 {
            let file = try store.outgoing(whole.sha256)
            var pieces: [[UInt8]] = []
            while let piece = try file.next(atMost: most) { pieces.append(piece) }
            #expect(pieces.flatMap { $0 } == pdf)
            #expect(pieces.dropLast().allSatisfy { $0.count == most })
        }
        #expect(try folder.paths("files").count == 2)
    }

    @Test("The first wrong byte is refused, and nothing is left")
    func wrongKind() throws {
        for count in 1...4 {
            let file = try store.incoming("a.pdf", allowing: [.pdf])
            try file.append(Array(pdf.prefix(count)))
            let error = fault { try file.append([0]) }
            #expect(error?.message == "文件内容与扩展名 pdf 不符")
        }
        #expect(fault { _ = try store.incoming("a.exe", allowing: [.pdf]) }?.isFault == true)
        #expect(try folder.paths("files").isEmpty)
    }

    @Test("A byte over the limit is not taken")
    func bound() throws {
        let file = try store.incoming("a.pdf", allowing: [.pdf])
        try file.append(pdf)
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<9 { try file.append(piece) }
        let rest = AttachmentStore.limit - file.byteCount
        let error = fault { try file.append([UInt8](repeating: 7, count: rest + 1)) }
        #expect(error?.message == "文件最大 10485760 字节，所选文件至少有 10485761 字节")
        #expect(file.byteCount == AttachmentStore.limit - rest)
    }

    @Test("What is not finished goes away: at once, and at the next start")
    func unfinished() throws {
        do {
            let file = try store.incoming("a.pdf", allowing: [.pdf])
            try file.append(pdf)
            #expect(try folder.paths("files").count == 1)
            withExtendedLifetime(file) {}
        }
        #expect(try folder.paths("files").isEmpty)
        try folder.write("files/new-1", hoursAgo: 0)
        try folder.write("files/README", hoursAgo: 0)
        _ = try AttachmentStore(directory: folder.path + "/files")
        #expect(try folder.paths("files") == ["README"])
    }

    @Test("Nobody gets the last piece of a damaged file")
    func damaged() throws {
        let stored = try store.store(pdf, fileName: "a.pdf", allowing: [.pdf])
        try folder.damageFile()
        let file = try store.outgoing(stored.sha256)
        var taken = 0
        let error = fault {
            while let piece = try file.next(atMost: 4) { taken += piece.count }
        }
        #expect(error?.kind == .damaged && taken == pdf.count - 1 - (pdf.count - 1) % 4)
    }

    /// In a process of its own: the kernel's high-water mark is the whole process's.
    @Test("10 MiB in and out take no more memory than some pieces")
    func memory() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let store = try AttachmentStore(directory: folder.path + "/files")
            func transfer(_ count: Int) throws {
                let file = try store.incoming("a.pdf", allowing: [.pdf])
                try file.append(Array("%PDF-".utf8))
                for number in 0..<count {
                    try file.append(
                        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 256 << 10))
                }
                let out = try store.outgoing(try file.finish().sha256)
                while try out.next(atMost: 256 << 10) != nil {}
            }
            func highWater() throws -> Int {
                let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
                let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
                return Int(line?.split(separator: " ").dropFirst().first ?? "") ?? 0
            }
            try transfer(3)
            let before = try highWater()
            try transfer(39)
            let grown = try highWater() - before
            guard before > 0, grown < 4_096 else {
                print("the process grew by \(grown) KiB from \(before)")
                exit(1)
            }
        }
    }
}

extension AttachmentStore {
    /// The whole content.
    func read(_ sha256: [UInt8]) throws -> [UInt8] {
        let file = try outgoing(sha256)
        var bytes: [UInt8] = []
        while let piece = try file.next(atMost: 1 << 20) { bytes += piece }
        return bytes
    }
}
