import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// Rows of a spreadsheet as the applicant's drafts, all of them or none (E2). Each row is checked as `SaveItem` and `SubmitItem` check
/// a form, but for the evidence, which is uploaded afterwards.
struct ImportItems: Command {
    /// The most rows of one call.
    static let mostRows = 1_000
    /// The most faults that a refusal names; a check names all of them.
    private static let mostFaultsOfARefusal = 100

    let applicant: SaveItem.Applicant
    let request: Archive.ImportItemsRequest
    let catalog: Catalog
    /// One for each row.
    let newIDs: [String]

    func read(_ rows: any RowReader) throws -> Int64 {
        try ItemStore.count(of: applicant.personID, rows)
    }

    func decide(
        _ items: Int64, at now: Timestamp
    ) throws(Refusal) -> Plan<Archive.ImportItemsReply> {
        let sheet = try ImportSheet(request, catalog)
        guard sheet.faults.isEmpty else {
            throw .invalid(sheet.faults.prefix(Self.mostFaultsOfARefusal).map(\.fieldFault))
        }
        let room = max(SaveItem.mostItems - items, 0)
        guard sheet.forms.count <= room else {
            throw .precondition(
                "业绩档案最多 \(SaveItem.mostItems) 项，已有 \(items) 项，导入了 \(sheet.forms.count) 项")
        }
        let drafts = zip(sheet.forms, newIDs).map { form, id in
            SaveItem.draft(id, of: sheet.kind, form, by: applicant, at: now)
        }
        return Plan(
            writes: drafts.map(ItemStore.insert), messages: [],
            audit: drafts.map { SaveItem.audit(by: applicant, nil, $0) },
            reply: Archive.ImportItemsReply(
                imported: Int64(drafts.count), room: room - Int64(drafts.count)))
    }

    /// Every fault of the rows, and nothing changed.
    static func check(
        _ request: Archive.ImportItemsRequest, catalog: Catalog, items: Int64
    ) throws(Refusal) -> Archive.ImportItemsReply {
        Archive.ImportItemsReply(
            faults: try ImportSheet(request, catalog).faults,
            room: max(SaveItem.mostItems - items, 0))
    }
}

extension Archive.ImportItemsReply: StorableReply {}

/// The rows of an import as forms.
private struct ImportSheet {
    let kind: ItemKind
    private(set) var forms: [ItemForm] = []
    /// In the order of the rows.
    private(set) var faults: [Common.ImportFault] = []

    /// - Throws: what is wrong with the request as a whole.
    init(_ request: Archive.ImportItemsRequest, _ catalog: Catalog) throws(Refusal) {
        var check = FormCheck()
        guard let kind = catalog.kind(request.kind) else {
            check.fault("kind", "业绩项", request.kind.isEmpty ? "请选择业绩项" : "没有这样的业绩项")
            throw .invalid(check.faults)
        }
        self.kind = kind
        if !(1...ImportItems.mostRows).contains(request.rows.count) {
            check.fault(
                "rows", "行数", "一次导入 1 至 \(ImportItems.mostRows) 行，实际 \(request.rows.count) 行")
        }
        let fields = request.fields
        if fields.isEmpty || fields.count > GivenForm.mostValues {
            check.fault("fields", "列数", "应为 1 至 \(GivenForm.mostValues) 列，实际 \(fields.count) 列")
        }
        for key in fields where kind.field(key).map({ $0.type == .files }) ?? true {
            check.fault("fields", "列", "\(kind.label)没有可导入的字段“\(key.prefix(40))”")
        }
        if Set(fields).count < fields.count { check.fault("fields", "列", "有重复的列") }
        try check.finish()
        for (index, row) in request.rows.enumerated() {
            add(row, number: UInt32(index + 1), fields)
        }
    }

    private mutating func add(_ row: Common.ImportRow, number: UInt32, _ fields: [String]) {
        var check = FormCheck()
        if row.cells.count > fields.count {
            check.fault("", "行", "有 \(row.cells.count) 个单元格，只有 \(fields.count) 列")
        }
        let given = GivenForm(
            zip(fields, row.cells).map { Common.FormValue(key: $0, value: $1) }, of: kind, &check)
        // A value that cannot be kept need not fit together with others.
        if check.faults.isEmpty { kind.check(given.form, evidence: 1, &check) }
        forms.append(given.form)
        faults += check.faults.map { fault in
            Common.ImportFault(
                row: number,
                field: fault.field.hasPrefix("values.") ? String(fault.field.dropFirst(7)) : "",
                label: fault.label, message: fault.message)
        }
    }
}
