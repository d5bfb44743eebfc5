import Messages
import ServiceRuntime
import Storage

/// 申报情况: the views of a list and their counts (decision 1). Views overlap.
enum ViewStore {
    /// The views in the order of screen 4-1.
    static let views: [(view: Declaration.DeclarationView, key: String, label: String)] = [
        (.pending, "pending", "待审核"), (.unclaimed, "unclaimed", "待领取"),
        (.reviewed, "reviewed", "已审核"), (.returned, "returned", "被退回"), (.all, "all", "全部"),
    ]

    /// What a list is narrowed by.
    struct Filter: Sendable {
        let viewer: Viewer
        let view: Declaration.DeclarationView
        /// A part of the applicant's name; "" for all.
        let name: String

        var condition: (sql: String, arguments: [Value]) {
            var sql: String
            var arguments: [Value]
            switch viewer {
            case .applicant(let personID):
                (sql, arguments) = ("d.person_id = ?", [.text(personID)])
            case .officer(let officer):
                (sql, arguments) = (
                    "d.unit_id = ? AND d.submitted_ms IS NOT NULL", [.text(officer.unit.id)]
                )
            // The later nodes have tasks, and no list of declarations.
            case .party: (sql, arguments) = ("1 = 0", [])
            }
            sql += " AND \(ViewStore.condition(view, for: viewer))"
            if !name.isEmpty {
                sql += " AND replace(d.applicant_name, ?, '') <> d.applicant_name"
                arguments.append(.text(name))
            }
            return (sql, arguments)
        }
    }

    private static func condition(
        _ view: Declaration.DeclarationView, for viewer: Viewer
    ) -> String {
        switch (view, viewer) {
        case (.pending, _): "d.phase IN (2, 3, 4)"
        // A sole officer has claimed everything.
        case (.unclaimed, _): viewer.isAlone ? "1 = 0" : "d.phase = 2"
        case (.reviewed, _): "d.reviewed = 1"
        // To the applicant, what was returned is what they must correct.
        case (.returned, .applicant): "d.phase = 11"
        case (.returned, _): "d.phase = 12"
        default: "1 = 1"
        }
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        _ filter: Filter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredDeclaration] {
        let (condition, arguments) = filter.condition
        return try rows.rows(
            Statement(
                """
                SELECT \(DeclarationStore.columns) FROM \(DeclarationStore.source)
                WHERE \(condition) AND (d.sort_ms, d.id) < (?, ?)
                ORDER BY d.sort_ms DESC, d.id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map(DeclarationStore.stored)
    }

    static func count(_ filter: Filter, _ rows: any RowReader) throws -> Int64 {
        let (condition, arguments) = filter.condition
        return try rows.row(
            Statement(
                "SELECT count(*) AS n FROM declarations AS d WHERE \(condition)", arguments))?
            .integer("n") ?? 0
    }

    /// Every view's count: a unit's from its counter row, an applicant's from the few own rows.
    static func counts(for viewer: Viewer, _ rows: any RowReader) throws -> [Common.ViewCount] {
        let counted: [Int64]
        switch viewer {
        case .officer(let officer):
            let counts = try DeskCounts.read(viewer.desks, rows)
            counted = [
                counts[.pending], officer.isAlone ? 0 : counts[.unclaimed], counts[.reviewed],
                counts[.returned], counts[.total],
            ]
        case .applicant, .party:
            counted = try views.map {
                try count(Filter(viewer: viewer, view: $0.view, name: ""), rows)
            }
        }
        return zip(views, counted).map { view, count in
            Common.ViewCount(view: view.key, label: view.label, count: count)
        }
    }
}
