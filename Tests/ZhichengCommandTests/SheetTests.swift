import Foundation
import Spreadsheets
import Testing
import ZhichengClient

@testable import zhicheng

@Suite("Exports and imports")
struct SheetTests {
    private static let sheet = KindSheet(
        Archive.ItemDefinition(
            key: "education", label: "教育经历",
            fields: [
                Archive.FieldDefinition(key: "school", label: "毕业院校", type: "text", required: true),
                Archive.FieldDefinition(key: "end", label: "毕业日期", type: "date", required: true),
                Archive.FieldDefinition(key: "years", label: "学制", type: "int", unit: "年"),
                Archive.FieldDefinition(
                    key: "mode", label: "教育类型", type: "enum", values: ["全日制教育", "非全日制教育"]),
                Archive.FieldDefinition(
                    key: "level", label: "获得学历", type: "code", codeTable: "education_gbt4658"),
                Archive.FieldDefinition(key: "evidence", label: "佐证材料", type: "files"),
            ]))

    private func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sheets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private func rows(_ path: String) async throws -> [SpreadsheetRow] {
        try await withSpreadsheet(reading: path) { reader in
            var rows: [SpreadsheetRow] = []
            while let row = try reader.next() { rows.append(row) }
            return rows
        }
    }

    @Test("The head of a template and of an export names the fields", arguments: ["xlsx", "csv"])
    func heads(ending: String) async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let format = try #require(SpreadsheetFormat(fileName: "a.\(ending)"))
        let template = folder.appendingPathComponent("t.\(ending)").path
        try await withSpreadsheet(
            writing: template, format: format, layout: Self.sheet.template
        ) { _ in }
        let head = try #require(try await rows(template).first)
        #expect(head.cells == ["*毕业院校", "*毕业日期", "学制（年）", "教育类型", "获得学历"])
        var errors: [ImportError] = []
        #expect(
            ImportHead(head, Self.sheet, &errors).keys
                == ["school", "end", "years", "mode", "level"])
        #expect(errors.isEmpty)

        let item = Archive.Item(
            applicantName: "姣姣1", applicantIDMasked: "3501**********0012", stateLabel: "审核通过",
            submittedMs: 1_650_297_600_000,
            values: [
                Common.FormValue(key: "school", value: "=福建大学"),
                Common.FormValue(key: "end", value: "2011-12-01"),
                Common.FormValue(key: "years", value: "2年"),
            ], evidence: [Common.Attachment(fileName: "证书.pdf")])
        let export = folder.appendingPathComponent("e.\(ending)").path
        let layout = SpreadsheetLayout(
            sheetName: "教育经历", columns: Self.sheet.exportColumns)
        try await withSpreadsheet(writing: export, format: format, layout: layout) { writer in
            for cells in Self.sheet.table([item]).rows { try writer.append(cells) }
        }
        let read = try await rows(export)
        #expect(
            read[1].cells == [
                "", "姣姣1", "", "3501**********0012", "=福建大学", "2011-12-01", "2", "", "",
                "证书.pdf", "审核通过", "2022-04-19",
            ])
        let found = ImportHead(read[0], Self.sheet, &errors)
        #expect(errors.isEmpty && found.columns == [5, 6, 7, 8, 9])
        var part = ImportPart()
        part.add(read[1], found)
        #expect(part.rows.map(\.cells) == [["=福建大学", "2011-12-01", "2", "", ""]])
    }

    @Test("A head with unknown, repeated and missing columns")
    func wrongHead() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("a.csv").path
        try Data("学制,学制（年）,年级,序号, *毕业院校 \n".utf8).write(to: URL(fileURLWithPath: path))
        var errors: [ImportError] = []
        let head = ImportHead(try #require(try await rows(path).first), Self.sheet, &errors)
        #expect(head.keys == ["years", "school"])
        #expect(
            errors.map(\.description) == [
                "第 1 行 B 列 学制：这一列重复了", "第 1 行 C 列：教育经历没有“年级”这一列",
                "第 1 行 毕业日期：缺少这一列",
            ])
    }

    @Test("Faults are named by the sheet's rows and columns, the reader's before the service's")
    func faults() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("a.csv").path
        let long = String(repeating: "字", count: 3_001)
        try Data("毕业院校,序号,毕业日期\n\n甲,1,2011\n\(long),2,x\n".utf8)
            .write(to: URL(fileURLWithPath: path))
        var limits = SpreadsheetLimits()
        limits.cellCharacters = 3_000
        let read = try await withSpreadsheet(reading: path, limits: limits) { reader in
            var rows: [SpreadsheetRow] = []
            while let row = try reader.next() { rows.append(row) }
            return rows
        }
        var errors: [ImportError] = []
        let head = ImportHead(read[0], Self.sheet, &errors)
        var part = ImportPart()
        for row in read.dropFirst() { part.add(row, head) }
        func fault(_ row: UInt32, _ field: String, _ label: String, _ message: String)
            -> Common.ImportFault
        {
            Common.ImportFault(row: row, field: field, label: label, message: message)
        }
        let found = part.errors(
            [
                fault(2, "end", "毕业日期", "应为日期"), fault(2, "school", "毕业院校", "不能为空"),
                fault(1, "end", "毕业日期", "应为日期"), fault(1, "", "行", "太长"),
                fault(9, "end", "", ""), fault(0, "end", "", ""),
            ], head)
        #expect(
            found.map(\.description) == [
                "第 3 行 行：太长", "第 3 行 C 列 毕业日期：应为日期", "第 4 行 A 列 毕业院校：最多 3000 个字符",
                "第 4 行 C 列 毕业日期：应为日期",
            ])
    }

    @Test("The page, the selection, or all that match")
    func choices() throws {
        let pages = [["a", "b"], ["c", "d"], ["e"]]
        func chosen(all: Bool = false, page: Int = 1, ids: [String] = []) throws -> [String] {
            var choice = RowChoice(all: all, page: page, ids: ids)
            var rows: [String] = []
            for page in pages {
                rows += choice.chosen(from: page, id: \.self)
                if choice.isComplete { break }
            }
            try choice.checkComplete(rows: rows.count)
            return rows
        }
        #expect(try chosen() == ["a", "b"])
        #expect(try chosen(page: 3) == ["e"])
        #expect(try chosen(all: true) == ["a", "b", "c", "d", "e"])
        #expect(try chosen(ids: ["d", "a"]) == ["a", "d"])
        #expect(throws: CommandFailure.self) { try chosen(page: 4) }
        #expect(throws: CommandFailure.self) { try chosen(ids: ["a", "z"]) }
    }
}
