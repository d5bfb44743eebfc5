import Domain
import Messages
import ServiceRuntime
import Storage

/// The SQL of review plans: rows in, statements out.
enum PlanStore {
    /// With the prefix that joins need.
    static let columns = """
        p.id AS plan_id, p.year AS plan_year, p.name AS plan_name, p.committee_id AS committee_id,
        p.committee_name AS committee_name, p.levels AS plan_levels, p.series AS plan_series,
        p.kind AS plan_kind, p.open_day AS open_day, p.close_day AS close_day,
        p.region AS plan_region
        """
    /// In the place of ``columns`` where no plan is looked up.
    static let noColumns = """
        '' AS plan_id, 0 AS plan_year, '' AS plan_name, '' AS committee_id, '' AS committee_name,
        '' AS plan_levels, '' AS plan_series, '' AS plan_kind, '' AS open_day, '' AS close_day,
        '' AS plan_region
        """

    static func plan(_ id: String, _ rows: any RowReader) throws -> Declaration.Plan? {
        try rows.row(
            Statement("SELECT \(columns) FROM plans AS p WHERE p.id = ?", [.text(id)])
        ).map(stored)
    }

    static func isPublished(
        year: Int32, name: String, _ rows: any RowReader
    ) throws -> Bool {
        try rows.row(
            Statement(
                "SELECT 1 AS found FROM plans WHERE year = ? AND name = ?",
                [.integer(Int64(year)), .text(name)])) != nil
    }

    /// What the list is narrowed by.
    struct Filter: Sendable {
        /// A part of the name; "" for all.
        var name = ""
        /// 0 for all.
        var year: Int32 = 0
        var level = ""
        var kind = ""
        /// Only plans that are open on that day.
        var openOn: CivilDay?

        var condition: (sql: String, arguments: [Value]) {
            var parts = ["1 = 1"]
            var arguments: [Value] = []
            func narrow(_ sql: String, _ values: Value...) {
                parts.append(sql)
                arguments += values
            }
            if !name.isEmpty { narrow("replace(p.name, ?, '') <> p.name", .text(name)) }
            if year != 0 { narrow("p.year = ?", .integer(Int64(year))) }
            if !level.isEmpty {
                narrow("replace(p.levels, ?, '') <> p.levels", .text("|\(level)|"))
            }
            if !kind.isEmpty { narrow("p.kind = ?", .text(kind)) }
            if let openOn {
                let day = Value.text("\(openOn)")
                narrow("p.open_day <= ? AND p.close_day >= ?", day, day)
            }
            return (parts.joined(separator: " AND "), arguments)
        }
    }

    /// One page, newest first, each with its place; one row more than the page's size when there is a next page.
    static func page(
        _ filter: Filter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [(plan: Declaration.Plan, place: PageCursor)] {
        let (condition, arguments) = filter.condition
        return try rows.rows(
            Statement(
                """
                SELECT \(columns), p.published_ms AS published_ms FROM plans AS p
                WHERE \(condition)
                    AND (p.published_ms, p.id) < (?, ?)
                ORDER BY p.published_ms DESC, p.id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map { row in
            let plan = try stored(row)
            return (plan, PageCursor(sort: try row.integer("published_ms"), id: plan.id))
        }
    }

    static func count(_ filter: Filter, _ rows: any RowReader) throws -> Int64 {
        let (condition, arguments) = filter.condition
        return try rows.row(
            Statement("SELECT count(*) AS n FROM plans AS p WHERE \(condition)", arguments))?
            .integer("n") ?? 0
    }

    static func stored(_ row: Row) throws -> Declaration.Plan {
        Declaration.Plan(
            id: try row.text("plan_id"), year: Int32(try row.integer("plan_year")),
            name: try row.text("plan_name"), committeeID: try row.text("committee_id"),
            committeeName: try row.text("committee_name"),
            levels: list(try row.text("plan_levels")), series: list(try row.text("plan_series")),
            kind: try row.text("plan_kind"), openDay: try row.text("open_day"),
            closeDay: try row.text("close_day"), region: try row.text("plan_region"))
    }

    static func insert(
        _ plan: Declaration.Plan, by publisher: String, at now: Timestamp
    ) -> Statement {
        Statement(
            """
            INSERT INTO plans (id, year, name, committee_id, committee_name, levels, series, kind,
                open_day, close_day, region, published_by, published_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(plan.id), .integer(Int64(plan.year)), .text(plan.name),
                .text(plan.committeeID), .text(plan.committeeName), .text(text(plan.levels)),
                .text(text(plan.series)), .text(plan.kind), .text(plan.openDay),
                .text(plan.closeDay), .text(plan.region), .text(publisher),
                .integer(now.milliseconds),
            ])
    }

    private static func text(_ list: [String]) -> String {
        list.isEmpty ? "" : "|" + list.joined(separator: "|") + "|"
    }

    private static func list(_ text: String) -> [String] {
        text.isEmpty ? [] : text.utf8.split(separator: UInt8(ascii: "|")).compactMap(String.init)
    }
}
