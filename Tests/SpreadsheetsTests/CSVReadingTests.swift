import Foundation
import Testing

@testable import Spreadsheets

@Suite("Reading CSV")
struct CSVReadingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// "姓名,福建" in GB18030.
    private static let chinese: [UInt8] =
        [0xD0, 0xD5, 0xC3, 0xFB, 0x2C, 0xB8, 0xA3, 0xBD, 0xA8]

    @Test("Quotes, line ends, empty rows, a missing last line end")
    func records() async throws {
        let path = try folder.file(
            "a.csv", "\u{FEFF}a,\"b \"\"c\"\",\nd\",e\r\n\r\n,,\n1,,\"\",4\r\"'=1\",'x")
        let found = try await rows(of: path)
        #expect(
            found.map(\.cells) == [["a", "b \"c\",\nd", "e"], ["1", "", "", "4"], ["=1", "'x"]])
        #expect(found.map(\.number) == [1, 4, 5])
        #expect(try await cells(of: try folder.file("b.csv", "")) == [])
        #expect(try await cells(of: try folder.file("c.csv", "a\"b,c")) == [["a\"b", "c"]])
    }

    @Test("GB18030 is known by not being UTF-8; four-byte characters too")
    func gb18030() async throws {
        let path = try folder.file("a.csv", Self.chinese)
        #expect(try await cells(of: path) == [["姓名", "福建"]])
        // U+20BB7 𠮷 is 95 32 82 36.
        let rare = try folder.file("b.csv", Self.chinese + [0x2C, 0x95, 0x34, 0x8A, 0x39])
        #expect(try await cells(of: rare)[0].count == 3)
        let broken = try folder.file("c.csv", Self.chinese + [0x0A, 0xFF, 0xFF])
        #expect(await refusal(of: broken)?.code == .malformed)
        let cut = try folder.file("d.csv", Self.chinese + [0xB8])
        #expect(await refusal(of: cut)?.code == .malformed)
    }

    @Test("Characters across the pieces of a large file", arguments: 0..<4)
    func pieces(shift: Int) async throws {
        let rows = 12_000
        var text = String(repeating: "x", count: shift) + "\n"
        for index in 0..<rows { text += "福建大学,\"第\(index)行\"\n" }
        let path = try folder.file("a.csv", text)
        let read = try await cells(of: path)
        #expect(read.count == rows + (shift > 0 ? 1 : 0))
        #expect(read.last == ["福建大学", "第\(rows - 1)行"])
        var gb: [UInt8] = Array(repeating: 0x78, count: shift) + [0x0A]
        for _ in 0..<rows { gb += Self.chinese + [0x0A] }
        let converted = try await cells(of: try folder.file("b.csv", gb))
        #expect(converted.last == ["姓名", "福建"])
        #expect(Set(converted.suffix(rows)).count == 1)
    }

    @Test("Refused with the place")
    func refused() async throws {
        let open = await refusal(of: try folder.file("a.csv", "a,b\n1,\"2"))
        #expect(open?.code == .malformed && open?.row == 2 && open?.column == 2)
        let after = await refusal(of: try folder.file("b.csv", "\"a\"b"))
        #expect(after?.code == .malformed && after?.row == 1 && after?.column == 1)
        let sixteen = await refusal(of: try folder.file("c.csv", [0xFF, 0xFE, 0x61, 0x00]))
        #expect(sixteen?.code == .notSpreadsheet)
        let binary = await refusal(of: try folder.file("d.csv", [0x61, 0x00, 0x62]))
        #expect(binary?.code == .notSpreadsheet)
        var limits = SpreadsheetLimits()
        limits.rows = 2
        limits.columns = 2
        limits.cellCharacters = 2
        let wide = await refusal(of: try folder.file("e.csv", "a\n1,2,3"), limits: limits)
        #expect(wide?.code == .tooLarge && wide?.row == 2)
        let high = await refusal(of: try folder.file("f.csv", "a\nb\nc"), limits: limits)
        #expect(high?.code == .tooLarge && high?.row == 3)
        let long = await refusal(
            of: try folder.file("g.csv", String(repeating: "字", count: 100)), limits: limits)
        #expect(long?.code == .tooLarge && long?.column == 1)
        let found = try await rows(of: try folder.file("h.csv", "字字字,b"), limits: limits)
        #expect(found[0].cells == ["", "b"] && found[0].faults.map(\.column) == [1])
    }

    @Test("UTF-8 is seen whatever the pieces", arguments: 1...5)
    func check(size: Int) {
        func isUTF8(_ bytes: [UInt8]) -> Bool {
            var check = UTF8Check()
            for start in stride(from: 0, to: bytes.count, by: size) {
                check.add(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            return check.finish()
        }
        #expect(isUTF8(Array("a字𠮷é".utf8)))
        #expect(!isUTF8(Self.chinese))
        #expect(!isUTF8(Array("字".utf8.dropLast())))
        #expect(!isUTF8([0x80, 0x80, 0x80, 0x80, 0x80]))
    }
}
