import Messages
import ServiceRuntime
import Storage

/// The SQL of items and their flow: rows in, statements out.
enum ItemStore {
    /// Whose items are read, and so in which form.
    enum Side: Sendable, Hashable {
        /// The applicant's own, drafts and working forms too, newest made first.
        case applicant(String)
        /// What was submitted to the unit, as it was submitted, newest submitted first.
        case unit(String)

        /// The columns of an item, and where they come from.
        fileprivate var select: String {
            let own = """
                i.id, i.person_id, i.kind, i.state, i.version, i.round, i.created_ms,
                i.applicant_name, i.applicant_sex, i.id_masked, i.unit_id, i.submitted_ms
                """
            return switch self {
            case .applicant: "SELECT \(own), i.form, i.main_name FROM items AS i"
            case .unit: "SELECT \(own), v.form, v.main_name \(source)"
            }
        }

        fileprivate var source: String {
            switch self {
            case .applicant: "FROM items AS i"
            case .unit:
                """
                FROM items AS i
                JOIN item_versions AS v ON v.item_id = i.id AND v.round = i.round
                """
            }
        }

        fileprivate var condition: (sql: String, owner: Value) {
            switch self {
            case .applicant(let person): ("i.person_id = ?", .text(person))
            case .unit(let unit): ("i.unit_id = ? AND i.state <> 1", .text(unit))
            }
        }

        fileprivate var mainName: String {
            switch self {
            case .applicant: "i.main_name"
            case .unit: "v.main_name"
            }
        }

        fileprivate var sort: String {
            switch self {
            case .applicant: "i.created_ms"
            case .unit: "i.submitted_ms"
            }
        }

        /// Where an item stands in the side's list.
        func cursor(_ item: StoredItem) -> PageCursor {
            switch self {
            case .applicant: PageCursor(sort: item.createdMilliseconds, id: item.id)
            case .unit: PageCursor(sort: item.submission?.atMilliseconds ?? 0, id: item.id)
            }
        }
    }

    /// What a list is narrowed by.
    struct Filter: Sendable {
        let side: Side
        /// "" for every kind.
        var kind = ""
        /// Nil for every state.
        var phase: ItemPhase?
        /// A part of the applicant's or the item's main name; "" for all.
        var search = ""

        fileprivate var condition: (sql: String, arguments: [Value]) {
            var (sql, owner) = side.condition
            var arguments = [owner]
            if !kind.isEmpty {
                sql += " AND i.kind = ?"
                arguments.append(.text(kind))
            }
            if let phase {
                sql += " AND i.state = ?"
                arguments.append(.integer(phase.rawValue))
            }
            if !search.isEmpty {
                sql += """
                     AND (replace(i.applicant_name, ?, '') <> i.applicant_name
                        OR replace(\(side.mainName), ?, '') <> \(side.mainName))
                    """
                arguments += [.text(search), .text(search)]
            }
            return (sql, arguments)
        }
    }

    /// The side's item; nil for an unknown or foreign one.
    static func item(_ id: String, _ side: Side, _ rows: any RowReader) throws -> StoredItem? {
        let (condition, owner) = side.condition
        return try rows.row(
            Statement("\(side.select) WHERE i.id = ? AND \(condition)", [.text(id), owner])
        ).map(stored)
    }

    /// What an earlier unit keeps of an item that it reviewed and that was submitted to another one since: as it was before that, which
    /// was given back to its applicant (I8). Nil for every other item.
    static func former(
        _ id: String, _ side: Side, _ rows: any RowReader
    ) throws -> StoredItem? {
        guard case .unit(let unit) = side else { return nil }
        return try rows.row(
            Statement(
                """
                SELECT i.id, i.person_id, i.kind, \(ItemPhase.returned.rawValue) AS state,
                    v.version + 1 + EXISTS (
                        SELECT 1 FROM withdrawals AS w WHERE w.item_id = v.item_id
                        AND w.item_version = v.version + 1 AND w.state = 2) AS version,
                    v.round, i.created_ms, v.applicant_name, i.applicant_sex, i.id_masked,
                    v.unit_id, v.entered_ms AS submitted_ms, v.form, v.main_name
                FROM item_versions AS v JOIN items AS i ON i.id = v.item_id
                WHERE v.item_id = ? AND v.unit_id = ? AND i.unit_id <> ? AND v.outcome IS NOT NULL
                ORDER BY v.round DESC LIMIT 1
                """, [.text(id), .text(unit), .text(unit)])
        ).map(stored)
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        _ filter: Filter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredItem] {
        let (condition, arguments) = filter.condition
        let sort = filter.side.sort
        return try rows.rows(
            Statement(
                """
                \(filter.side.select)
                WHERE \(condition) AND (\(sort), i.id) < (?, ?)
                ORDER BY \(sort) DESC, i.id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map(stored)
    }

    /// The first approved items of a person, as they were approved, oldest first.
    static func approved(
        of person: String, limit: Int, _ rows: any RowReader
    ) throws -> [StoredItem] {
        try rows.rows(
            Statement(
                """
                \(Side.unit("").select) WHERE i.person_id = ? AND i.state = 3
                ORDER BY i.created_ms, i.id LIMIT ?
                """, [.text(person), .integer(Int64(limit))]), limit: limit
        ).map(stored)
    }

    /// A person's approved item, as it was approved.
    static func approved(
        _ id: String, of person: String, _ rows: any RowReader
    ) throws -> StoredItem? {
        try rows.row(
            Statement(
                "\(Side.unit("").select) WHERE i.id = ? AND i.person_id = ? AND i.state = 3",
                [.text(id), .text(person)])
        ).map(stored)
    }

    /// How many items a person has, drafts too.
    static func count(of person: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement("SELECT count(*) AS n FROM items WHERE person_id = ?", [.text(person)]))?
            .integer("n") ?? 0
    }

    /// The rows per kind and state that the filter's side, kind and search leave.
    /// A unit's are counters; a search, and an applicant's own rows (`SaveItem.mostItems` at most), are counted.
    static func counts(_ filter: Filter, _ rows: any RowReader) throws -> [ItemCount] {
        let statement: Statement
        switch filter.side {
        case .unit(let unit) where filter.search.isEmpty:
            statement = Statement(
                "SELECT kind, state, items AS n FROM item_counts WHERE unit_id = ?", [.text(unit)])
        default:
            var all = filter
            all.phase = nil
            all.kind = ""
            let (condition, arguments) = all.condition
            statement = Statement(
                """
                SELECT i.kind AS kind, i.state AS state, count(*) AS n \(filter.side.source)
                WHERE \(condition) GROUP BY i.kind, i.state
                """, arguments)
        }
        return try rows.rows(statement, limit: 10_000).map { row in
            ItemCount(
                kind: try row.text("kind"), phase: try phase(row), items: try row.integer("n"))
        }.filter { filter.kind.isEmpty || $0.kind == filter.kind }
    }

    /// The flow from its first step until the submission after that round; at most the last 200 steps.
    static func flow(
        _ id: String, through round: Int64 = .max, _ rows: any RowReader
    ) throws -> [StoredFlowStep] {
        try rows.rows(
            Statement(
                """
                SELECT node, action, actor_id, actor_name, opinion, at_ms FROM flow_steps
                WHERE item_id = ? AND step < coalesce((
                    SELECT s.step FROM flow_steps AS s WHERE s.item_id = ? AND s.action = ?
                    ORDER BY s.step LIMIT 1 OFFSET ?), ?)
                ORDER BY step DESC LIMIT 200
                """,
                [
                    .text(id), .text(id), .text(SubmitItem.action), .integer(round),
                    .integer(.max),
                ]), limit: 200
        ).map { row in
            StoredFlowStep(
                node: try row.text("node"), action: try row.text("action"),
                actorID: try row.text("actor_id"), actorName: try row.text("actor_name"),
                opinion: try row.text("opinion"), atMilliseconds: try row.integer("at_ms"))
        }.reversed()
    }

    private static func phase(_ row: Row) throws -> ItemPhase {
        guard let phase = ItemPhase(rawValue: try row.integer("state")) else {
            preconditionFailure("the table's CHECK let an unknown item state pass")
        }
        return phase
    }

    private static func stored(_ row: Row) throws -> StoredItem {
        StoredItem(
            id: try row.text("id"), personID: try row.text("person_id"),
            kind: try row.text("kind"), phase: try phase(row), version: try row.integer("version"),
            round: try row.integer("round"), createdMilliseconds: try row.integer("created_ms"),
            form: try ItemForm(storedBytes: try row.blob("form")),
            mainName: try row.text("main_name"),
            applicant: StoredItem.Applicant(
                name: try row.text("applicant_name"), sex: try row.text("applicant_sex"),
                idMasked: try row.text("id_masked")),
            submission: try row.optionalText("unit_id").map { unit in
                StoredItem.Submission(
                    unitID: unit, atMilliseconds: try row.integer("submitted_ms"))
            })
    }
}

/// Rows of one kind in one state.
struct ItemCount: Sendable, Hashable {
    let kind: String
    let phase: ItemPhase
    let items: Int64
}
