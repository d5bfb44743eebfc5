import Foundation
import Testing

@testable import Spreadsheets

@Suite("Writing spreadsheets")
struct WritingTests {
    private let folder: TemporaryFolder
    private static let layout = SpreadsheetLayout(
        sheetName: "人员",
        columns: [
            SpreadsheetColumn("姓名"), SpreadsheetColumn("身份证号"),
            SpreadsheetColumn("学时", .number), SpreadsheetColumn("日期", .day),
        ])

    /// Rows that spreadsheets are known to spoil.
    private static let rows = [
        ["姣姣1", "350199199001010011", "12.5", "2022-04-19"],
        ["=1+1", "35019919900101001X", "-3", "1900-02-28"],
        ["+86", "-12", "007", "1900-03-01"],
        ["@SUM(A1)", "'=1", "两", "未知"],
        ["a\"b,c\n第二行", "''", "1234567890123456", "2999-12-31"],
        ["_x000D_", "<&>'\"", "0", ""],
        ["\t制表", "0001", "", ""],
        [" 前后 ", "", "", "𠮷野家"],
    ]

    init() throws { folder = try TemporaryFolder() }

    private func write(_ format: SpreadsheetFormat, _ rows: [[String]] = rows) async throws
        -> String
    {
        let path = folder.path + "/out.\(format.rawValue)"
        try await withSpreadsheet(writing: path, format: format, layout: Self.layout) { writer in
            for row in rows { try writer.append(row) }
            #expect(writer.rows == rows.count)
        }
        return path
    }

    @Test("What is written is read again", arguments: SpreadsheetFormat.allCases)
    func roundTrip(format: SpreadsheetFormat) async throws {
        let path = try await write(format)
        let read = try await cells(of: path)
        #expect(read.first == ["姓名", "身份证号", "学时", "日期"])
        let expected = Self.rows.map { row in
            Array(row.reversed().drop { $0.isEmpty }.reversed())
        }
        #expect(Array(read.dropFirst()) == expected)
    }

    @Test("ID numbers are text cells of the text format, and nothing is a formula")
    func textCells() async throws {
        let path = try await write(.xlsx)
        let sheet = try part("xl/worksheets/sheet1.xml", of: path)
        #expect(sheet.contains("<c r=\"B2\" s=\"2\" t=\"inlineStr\"><is><t>350199199001010011</t>"))
        #expect(sheet.contains("<c r=\"A3\" s=\"2\" t=\"inlineStr\"><is><t>=1+1</t>"))
        #expect(!sheet.contains("<f>"))
        #expect(sheet.contains("<c r=\"C2\"><v>12.5</v></c>"))
        #expect(sheet.contains("<c r=\"C6\" s=\"2\" t=\"inlineStr\"><is><t>1234567890123456</t>"))
        #expect(sheet.contains("<c r=\"D2\" s=\"3\"><v>44670</v></c>"))
        // 49 is the format "@".
        let styles = try part("xl/styles.xml", of: path)
        let formats = styles.components(separatedBy: "<cellXfs")[1]
            .components(separatedBy: "<xf ").dropFirst(3)
        #expect(formats.first?.hasPrefix("numFmtId=\"49\"") == true)
    }

    @Test("CSV has a byte order mark, and guards what would become a formula or lose digits")
    func csv() async throws {
        let path = try await write(.csv)
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(bytes.starts(with: [0xEF, 0xBB, 0xBF]))
        let lines = String(decoding: bytes.dropFirst(3), as: UTF8.self)
            .components(separatedBy: "\r\n")
        #expect(lines[0] == #""姓名","身份证号","学时","日期""#)
        #expect(lines[1] == #""姣姣1","'350199199001010011","12.5","2022-04-19""#)
        #expect(lines[2] == #""'=1+1","35019919900101001X","-3","1900-02-28""#)
        #expect(lines[4] == #""'@SUM(A1)","''=1","两","未知""#)
    }

    @Test("The guard comes off again, whatever was guarded")
    func guards() {
        for text in ["=a", "'=a", "''=a", "'", "''", "'a", "-1", "007", "0", "'007", "12", ""] {
            #expect(csvUnguarded(csvGuarded(text)) == text)
        }
        #expect(csvGuarded("12345678901") == "12345678901", "a mobile number stays as it is")
        #expect(csvUnguarded("'abc") == "'abc", "an apostrophe of somebody's own stays")
    }

    @Test("Control characters become blanks, line ends LF", arguments: SpreadsheetFormat.allCases)
    func controlCharacters(format: SpreadsheetFormat) async throws {
        let path = try await write(format, [["a\u{0}b\u{1B}c", "1\r\n2\r3", "", ""]])
        #expect(try await cells(of: path)[1] == ["a b c", "1\n2\n3"])
    }

    @Test("The file is its owner's, and there is all of it or nothing")
    func wholeOrNothing() async throws {
        for format in SpreadsheetFormat.allCases {
            let path = folder.path + "/f.\(format.rawValue)"
            try Data("old".utf8).write(to: URL(fileURLWithPath: path))
            await #expect(throws: CancellationError.self) {
                try await withSpreadsheet(writing: path, format: format, layout: Self.layout) {
                    try $0.append(["a", "b", "c", "d"])
                    throw CancellationError()
                }
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
            try await withSpreadsheet(writing: path, format: format, layout: Self.layout) { _ in }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
        #expect(folder.names == ["f.csv", "f.xlsx"])
    }

    @Test("What does not fit is refused with its place", arguments: SpreadsheetFormat.allCases)
    func limits(format: SpreadsheetFormat) async throws {
        let path = folder.path + "/long.\(format.rawValue)"
        let long = String(repeating: "字", count: 32_768)
        let error = await #expect(throws: SpreadsheetError.self) {
            try await withSpreadsheet(writing: path, format: format, layout: Self.layout) {
                try $0.append(["a", "b", "c", "d"])
                try $0.append(["a", long, "c", "d"])
            }
        }
        #expect(error?.code == .tooLarge && error?.row == 3 && error?.column == 2)
        #expect(error?.description == "第 3 行 B 列：单元格最多 32767 个字符，内容有 32768 个")
        #expect(folder.names == [])
        await #expect(throws: SpreadsheetError.self) {
            try await withSpreadsheet(
                writing: folder.path + "/none/a.csv", format: format, layout: Self.layout
            ) { _ in }
        }
    }

    @Test("A template offers its choices and explains itself on a second sheet")
    func template() async throws {
        let path = folder.path + "/t.xlsx"
        let layout = SpreadsheetLayout(
            sheetName: "模板[1]/2",
            columns: [SpreadsheetColumn("*是否", choices: ["是", "否"]), SpreadsheetColumn("名称")],
            notes: [["列", "说明"], ["是否", "请选择"]])
        try await withSpreadsheet(writing: path, format: .xlsx, layout: layout) { _ in }
        #expect(try await cells(of: path) == [["*是否", "名称"]])
        #expect(try part("xl/worksheets/sheet1.xml", of: path).contains("\"是,否\""))
        #expect(try part("xl/worksheets/sheet2.xml", of: path).contains("请选择"))
        #expect(try part("xl/workbook.xml", of: path).contains("name=\"模板12\""))
    }

    @Test("Columns are named as in Excel")
    func names() {
        #expect([1, 26, 27, 52, 703].map(columnName) == ["A", "Z", "AA", "AZ", "AAA"])
        #expect(SpreadsheetFormat(fileName: "a.b.XLSX") == .xlsx)
        #expect(SpreadsheetFormat(fileName: "csv") == nil)
    }
}
