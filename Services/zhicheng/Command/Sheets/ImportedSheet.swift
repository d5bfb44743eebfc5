import Spreadsheets
import ZhichengClient

/// What rows of a file can be imported as: which columns it has, and who checks and takes the rows.
protocol ImportedSheet: Sendable {
    /// "教育经历".
    var label: String { get }
    /// The fields that a column may hold.
    var importFields: [ImportField] { get }
    /// The field that no two rows may have alike; nil for none.
    var ownField: String? { get }
    /// An empty sheet to be filled in, with a second one that explains it.
    var template: SpreadsheetLayout { get }
    /// Whether an export has that column besides the fields: an import passes over it.
    func isOfExport(_ title: String) -> Bool
    /// Has the service check the rows, or take all or none of them.
    /// - Parameter fields: keys of ``importFields``, one for each cell.
    func send(
        _ fields: [String], _ rows: [Common.ImportRow], checkOnly: Bool, _ client: PlatformClient
    ) async throws -> ImportAnswer
}

/// A column of an import.
struct ImportField {
    let key: String
    /// As faults name it.
    let label: String
    /// The head of its column.
    let title: String
    let required: Bool
}

/// What the service says to some rows.
struct ImportAnswer {
    let imported: Int64
    let faults: [Common.ImportFault]
    /// How many more rows it takes; nil for as many as there are.
    let room: Int64?
}

extension ImportedSheet {
    /// The field of a column's title, as templates and exports write it; nil for another title.
    func field(titled title: String) -> ImportField? {
        let title = title.trimmed.drop { $0 == "*" }
        return importFields.first { $0.title == title || $0.label == title }
    }
}

/// Persons of the unit, for 人员注册.
struct PersonSheet: ImportedSheet {
    private static let columns = [
        ("name", "姓名", "最多 50 个字符"), ("sex", "性别", "男、女"),
        ("id_number", "证件号码", "居民身份证号码，18 位"), ("phone", "手机号", "11 位手机号码"),
        ("political_status", "政治面貌", "如 群众、中共党员"), ("email", "邮箱", "电子邮箱地址"),
    ]

    let label = "人员注册"
    let ownField: String? = "id_number"
    let importFields = columns.map { key, label, _ in
        ImportField(key: key, label: label, title: label, required: true)
    }

    var template: SpreadsheetLayout {
        SpreadsheetLayout(
            sheetName: label,
            columns: importFields.map {
                SpreadsheetColumn(
                    "*\($0.title)", .text, choices: $0.key == "sex" ? ["男", "女"] : [])
            },
            notes: [["列", "必填", "填写要求"]] + Self.columns.map { [$0.1, "是", $0.2] })
    }

    func isOfExport(_ title: String) -> Bool {
        ["序号", "注册时间", "审核状态", "状态"].contains(title.trimmed)
    }

    func send(
        _ fields: [String], _ rows: [Common.ImportRow], checkOnly: Bool, _ client: PlatformClient
    ) async throws -> ImportAnswer {
        let reply = try await client.identity.importPersons(
            Identity.ImportPersonsRequest(fields: fields, rows: rows, checkOnly: checkOnly))
        return ImportAnswer(imported: reply.imported, faults: reply.faults, room: nil)
    }
}
