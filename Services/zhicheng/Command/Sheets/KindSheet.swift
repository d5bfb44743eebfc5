import Domain
import Spreadsheets
import ZhichengClient

/// A kind of archive items as a sheet: the columns of its fields, for exports, templates and imports.
struct KindSheet: ImportedSheet {
    let definition: Archive.ItemDefinition

    /// Fields that a cell can hold: evidence is uploaded.
    var fields: [Archive.FieldDefinition] { definition.fields.filter { $0.type != "files" } }

    init(_ definition: Archive.ItemDefinition) { self.definition = definition }

    /// - Parameter name: the kind's key or its label.
    init(named name: String, _ client: PlatformClient) async throws {
        let catalog = try await client.archive.getCatalog(Archive.GetCatalogRequest())
        let kinds = catalog.categories.flatMap(\.items)
        guard let found = kinds.first(where: { $0.key == name || $0.label == name }) else {
            let all = kinds.map { "  \($0.key)  \($0.label)" }.joined(separator: "\n")
            throw CommandFailure(.usage, "there is no kind “\(name)”; there are\n\(all)")
        }
        self.init(found)
    }

    // MARK: exports

    private static let before = ["序号", "申报人", "性别", "身份证号"]
    private static let after = ["佐证材料", "审核状态", "申报日期"]

    /// The columns of ``table(_:)``.
    var exportColumns: [SpreadsheetColumn] {
        Self.before.map { SpreadsheetColumn($0, $0 == "序号" ? .number : .text) }
            + fields.map { SpreadsheetColumn($0.title, $0.columnKind) }
            + Self.after.map { SpreadsheetColumn($0, $0 == "申报日期" ? .day : .text) }
    }

    /// Items with all of their fields.
    func table(_ items: [Archive.Item]) -> Table {
        var table = Table(exportColumns.map(\.title))
        for item in items {
            let values = Dictionary(
                item.values.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
            let cells = fields.map { $0.withoutUnit(values[$0.key] ?? "") }
            table.rows.append(
                ["", item.applicantName, item.applicantSex, item.applicantIDMasked] + cells + [
                    item.evidence.map(\.fileName).joined(separator: "、"), item.stateLabel,
                    day(item.submittedMs),
                ])
        }
        return table
    }

    // MARK: templates

    var template: SpreadsheetLayout {
        SpreadsheetLayout(
            sheetName: definition.label,
            columns: fields.map {
                SpreadsheetColumn(
                    ($0.required ? "*" : "") + $0.title, $0.columnKind, choices: $0.choices)
            },
            notes: [["列", "必填", "填写要求"]]
                + fields.map { [$0.title, $0.required ? "是" : "", $0.requirement] })
    }

    // MARK: imports

    var label: String { definition.label }
    var ownField: String? { nil }

    var importFields: [ImportField] {
        fields.map {
            ImportField(key: $0.key, label: $0.label, title: $0.title, required: $0.required)
        }
    }

    func isOfExport(_ title: String) -> Bool {
        (Self.before + Self.after).contains(title.trimmed)
    }

    func send(
        _ fields: [String], _ rows: [Common.ImportRow], checkOnly: Bool, _ client: PlatformClient
    ) async throws -> ImportAnswer {
        let reply = try await client.archive.importItems(
            Archive.ImportItemsRequest(
                kind: definition.key, fields: fields, rows: rows, checkOnly: checkOnly))
        return ImportAnswer(imported: reply.imported, faults: reply.faults, room: reply.room)
    }
}

extension Archive.FieldDefinition {
    /// The head of its column: 学制（年）.
    var title: String { unit.isEmpty ? label : "\(label)（\(unit)）" }

    fileprivate var columnKind: SpreadsheetColumn.Kind {
        switch type {
        case "date": .day
        case "year", "int", "decimal": .number
        default: .text
        }
    }

    /// The value as it was filled in: 2 of 2年.
    fileprivate func withoutUnit(_ value: String) -> String {
        !unit.isEmpty && value.hasSuffix(unit) ? String(value.dropLast(unit.count)) : value
    }

    /// What may be chosen; empty for a value of one's own.
    fileprivate var choices: [String] {
        switch type {
        case "bool": ["是", "否"]
        case "code": CodeTable.named(codeTable)?.items.map(\.label) ?? []
        default: values
        }
    }

    fileprivate var requirement: String {
        let form =
            switch type {
            case "date": "日期，如 2022-04-19"
            case "year": "年度，如 2022"
            case "int": "整数"
            case "decimal": "不小于 0 的数，最多 4 位小数"
            case "longtext": "最多 1500 个字符"
            case "json": "JSON 对象"
            default: choices.isEmpty ? "最多 200 个字符" : choices.joined(separator: "、")
            }
        return [form, rule].filter { !$0.isEmpty }.joined(separator: "；")
    }
}

extension String {
    /// Without blanks around it.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension Table {
    /// Items of every kind.
    init(exported items: [Archive.Item]) {
        self.init(
            ["序号", "业绩项", "申报人", "名称", "审核状态", "申报日期"],
            rows: items.map {
                [
                    "", $0.kindLabel, $0.applicantName, $0.mainName, $0.stateLabel,
                    day($0.submittedMs),
                ]
            })
    }
}
