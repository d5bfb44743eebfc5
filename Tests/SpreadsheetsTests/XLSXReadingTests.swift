import Foundation
import Testing

@testable import Spreadsheets

@Suite("Reading .xlsx")
struct XLSXReadingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("Shared, inline, rich and computed texts")
    func texts() async throws {
        let path = try folder.workbook(
            """
            <row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>
            <row r="2"/>
            <row r="4"><c r="B4" t="inlineStr"><is><t>甲</t><rPh><t>jia</t></rPh><r><t>乙</t></r></is></c>
            <c r="D4" t="str"><f>A1&amp;"x"</f><v>a&lt;b&#x4E2D;&#25991;<![CDATA[<&]]></v></c></row>
            <row><c t="s"><v>2</v></c><c/><c t="b"><v>1</v></c></row>
            """,
            shared: "<si><t xml:space=\"preserve\"> 名 </t></si><si><r><t>张</t></r><r><t>三</t></r>"
                + "<rPh sb=\"0\"><t>zhang</t></rPh></si><si><t>一_x000A_二_x005F_x0041_</t></si>")
        let found = try await rows(of: path)
        #expect(found.map(\.number) == [1, 4, 5])
        #expect(
            found.map(\.cells) == [
                [" 名 ", "张三"], ["", "甲乙", "", "a<b中文<&"], ["一\n二_x0041_", "", "true"],
            ])
    }

    @Test("Numbers as a person would type them; days by their format")
    func numbers() async throws {
        let path = try folder.workbook(
            """
            <row r="1"><c r="A1"><v>2</v></c><c r="B1"><v>0.10000000000000001</v></c>
            <c r="C1"><v>1.5E3</v></c><c r="D1" s="1"><v>44670</v></c><c r="E1" s="2"><v>44670.5</v></c>
            <c r="F1" s="3"><v>44670</v></c><c r="G1" s="1"><v>59</v></c><c r="H1" s="1"><v>61</v></c>
            <c r="I1" t="d"><v>2022-04-19T00:00:00</v></c></row>
            """,
            formats: "<numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m\"/>"
                + "<numFmt numFmtId=\"165\" formatCode=\"[Red]0&quot;day&quot;\"/>",
            styles: "<xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/>"
                + "<xf numFmtId=\"165\"/>")
        #expect(
            try await cells(of: path) == [
                [
                    "2", "0.1", "1500", "2022-04-19", "2022-04-19", "44670", "1900-02-28",
                    "1900-03-01", "2022-04-19",
                ]
            ])
        let mac = try folder.workbook(
            "<row><c s=\"0\"><v>43208</v></c></row>", styles: "<xf numFmtId=\"14\"/>",
            properties: "<workbookPr date1904=\"1\"/>")
        #expect(try await cells(of: mac) == [["2022-04-19"]])
    }

    @Test("What is wrong with a cell is told with its place, and the rest is read")
    func faults() async throws {
        let path = try folder.workbook(
            """
            <row r="3"><c r="A3"><v>350199199001010000</v></c><c r="B3" t="e"><v>#REF!</v></c>
            <c r="C3" s="1"><v>60</v></c><c r="D3"><v>x</v></c><c r="E3"><v>5</v></c></row>
            """, styles: "<xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>")
        let found = try await rows(of: path)
        #expect(found.count == 1 && found[0].cells == ["", "", "", "", "5"])
        #expect(found[0].faults.map(\.column) == [1, 2, 3, 4])
        #expect(found[0].faults[0].message.contains("15 位"))

        var limits = SpreadsheetLimits()
        limits.cellCharacters = 3
        let long = try folder.workbook(
            "<row><c t=\"inlineStr\"><is><t>\(String(repeating: "字", count: 9_000))</t></is></c></row>"
        )
        #expect(try await rows(of: long, limits: limits)[0].faults.map(\.column) == [1])
    }

    @Test("Limits: rows, columns, parts, bytes, ratio, shared texts")
    func limits() async throws {
        let path = try folder.workbook(
            "<row><c t=\"s\"><v>0</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>",
            shared: "<si><t>文字</t></si>")
        func refused(_ change: (inout SpreadsheetLimits) -> Void) async -> SpreadsheetError? {
            var limits = SpreadsheetLimits()
            change(&limits)
            return await refusal(of: path, limits: limits)
        }
        #expect(await refused { _ in } == nil)
        #expect(await refused { $0.rows = 1 }?.row == 2)
        #expect(await refused { $0.columns = 1 }?.row == 1)
        for change: (inout SpreadsheetLimits) -> Void in [
            { $0.parts = 5 }, { $0.fileBytes = 100 }, { $0.unpackedBytes = 1_000 },
            { $0.sharedTextBytes = 5 },
        ] { #expect(await refused(change)?.code == .tooLarge) }
    }

    @Test("A bomb is refused by its ratio, long before it is unpacked", .timeLimit(.minutes(1)))
    func bomb() async throws {
        let blanks = [UInt8](repeating: 0x20, count: 16 << 20)
        let book = try folder.workbook("<row><c><v>1</v></c></row>")
        #expect(await refusal(of: book) == nil)
        let bomb = try folder.zip(
            "bomb.xlsx", [("xl/workbook.xml", Array("<workbook>".utf8) + blanks)])
        let error = await refusal(of: bomb)
        #expect(error?.code == .tooLarge && error?.message.contains("压缩比") == true)
        // Ten thousand equal rows are no bomb.
        let row = "<row>" + String(repeating: "<c t=\"s\"><v>0</v></c>", count: 4) + "</row>"
        let equal = try folder.workbook(
            String(repeating: row, count: 10_000), name: "equal.xlsx",
            shared: "<si><t>同</t></si>")
        #expect(try await rows(of: equal).count == 10_000)
    }

    @Test(
        "Broken XML is refused",
        arguments: [
            "<!DOCTYPE x [<!ENTITY a \"b\">]><row/>", "<row><c></row></c>", "<row", "&a;", "&#0;",
            "<row a=\"<\"/>", "<row a=b/>", "<row a/>", "</row>", "<!ELEMENT x>", "&#xD800;",
            "<row r=\"0\"/>", "<row r=\"x\"/>", "<row r=\"2\"/><row r=\"2\"/>",
            "<row><c r=\"B1\"/><c r=\"A1\"/></row>", "<row><c t=\"s\"><v>9</v></c></row>",
            "<row r=\"9999999\"/>", "<row><c r=\"ZZZZ1\"/></row>", "<!--", "<![CDATA[", "<?x",
            String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100),
            "<row \(String(repeating: "a", count: 300))=\"1\"/>",
            "<row>\(String(repeating: "&", count: 30))</row>",
        ])
    func brokenXML(rows: String) async throws {
        let path = try folder.workbook(rows)
        let error = await refusal(of: path)
        #expect(error?.code == .malformed)
    }

    @Test("A workbook in another encoding, one without sheets, other zip files")
    func others() async throws {
        let book = try folder.zip(
            "a.xlsx",
            [
                (
                    "xl/workbook.xml",
                    Array("<?xml version=\"1.0\" encoding=\"GBK\"?><workbook/>".utf8)
                )
            ])
        #expect(await refusal(of: book)?.code == .malformed)
        let empty = try folder.zip("b.xlsx", [("xl/workbook.xml", Array("<workbook/>".utf8))])
        #expect(await refusal(of: empty)?.code == .notSpreadsheet)
        let other = try folder.zip("c.xlsx", [("a.txt", Array("a".utf8))])
        #expect(await refusal(of: other)?.code == .notSpreadsheet)
        let twice = try folder.zip("d.xlsx", [("a", [1]), ("a", [2])])
        #expect(await refusal(of: twice)?.code == .malformed)
        let old = try folder.file("e.xls", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])
        #expect(await refusal(of: old)?.message.contains(".xls") == true)
        #expect(await refusal(of: folder.path)?.code == .unreadable)
        #expect(await refusal(of: folder.path + "/none")?.code == .unreadable)
    }

    @Test("Cut anywhere, or with any byte changed, a workbook is read or refused, never more")
    func mutations() async throws {
        let path = try folder.workbook(
            "<row><c t=\"s\"><v>0</v></c><c s=\"0\"><v>4</v></c></row>", shared: "<si><t>字</t></si>"
        )
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        for end in stride(from: 0, to: bytes.count, by: 13) {
            let cut = try folder.file("cut.xlsx", Array(bytes[..<end]))
            // Without its last bytes the directory is still whole.
            if (4..<bytes.count - 22).contains(end) { #expect(await refusal(of: cut) != nil) }
        }
        var seed: UInt64 = 42
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0..<3 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                changed[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 20)
            }
            _ = await refusal(of: try folder.file("changed.xlsx", changed))
        }
    }
}
