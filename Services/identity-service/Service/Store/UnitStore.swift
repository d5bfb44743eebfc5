import Domain
import Messages
import Storage

/// What is stored of a unit. Phones and the legal representative's ID number are ciphertexts.
struct StoredUnit: Sendable, Hashable {
    let id: String
    let name: String
    /// "" for a built-in unit without one.
    let uscc: String
    let isBuiltIn: Bool
    var state: UnitState
    var version: Int64
    let legalRepresentativeName: String
    let legalRepresentativeID: [UInt8]?
    var legalRepresentativePhone: [UInt8]?
    var contactPhone: [UInt8]?
    /// Everything of the forms but the two phones.
    var details: Identity.UnitDetails
}

/// The SQL of units: rows in, statements out.
enum UnitStore {
    private static let detailColumns = """
        contact_name, address, nature, email, region, fax, industry_code, status, economic_type,
        tax_number, license_kind, license_number, license_day, license_years, approval_number,
        approval_day, approving_body
        """
    private static let columns = """
        id, name, uscc, built_in, state, version, legal_name, legal_id, legal_phone,
        contact_phone, \(detailColumns)
        """

    static func unit(_ id: String, _ rows: any RowReader) throws -> StoredUnit? {
        try rows.row(Statement("SELECT \(columns) FROM units WHERE id = ?", [.text(id)]))
            .map(stored)
    }

    /// The unit that signs in through a provider with this USCC: where it was merged, the one that goes on.
    static func unit(
        uscc: String, _ rows: any RowReader
    ) throws -> (unit: StoredUnit, isAlias: Bool)? {
        let found = try rows.row(
            Statement(
                "SELECT \(columns) FROM units WHERE uscc = ? AND built_in = 0", [.text(uscc)])
        ).map(stored)
        guard let found, found.state == .merged else { return found.map { ($0, false) } }
        return try rows.row(
            Statement(
                """
                SELECT \(columns) FROM units
                WHERE id = (SELECT m.merged_into FROM units AS m WHERE m.id = ?)
                """, [.text(found.id)])
        ).map { (try stored($0), true) }
    }

    /// The name of the unit that goes on where a unit of this officer was merged; nil where none was.
    static func survivor(
        ofOfficer person: String, _ rows: any RowReader
    ) throws -> String? {
        try rows.row(
            Statement(
                """
                SELECT u.name FROM officers AS o
                JOIN units AS m ON m.id = o.unit_id AND m.merged_into IS NOT NULL
                JOIN units AS u ON u.id = m.merged_into
                WHERE o.person_id = ? ORDER BY o.since_ms DESC LIMIT 1
                """, [.text(person)]))?.text("name")
    }

    /// Units in that state whose name begins with the text, by name; at most `limit`. The index is that of active ones;
    /// others are few.
    static func named(
        prefix: String, in state: UnitState, limit: Int, _ rows: any RowReader
    ) throws -> [StoredUnit] {
        // Every continuation of the prefix sorts below the prefix with the last code point.
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM units
                WHERE state = '\(state.rawValue)' AND name >= ? AND name < ?
                ORDER BY name, id LIMIT ?
                """,
                [.text(prefix), .text(prefix + "\u{10FFFF}"), .integer(Int64(limit))]),
            limit: limit
        ).map(stored)
    }

    private static func stored(_ row: Row) throws -> StoredUnit {
        let state = try row.text("state")
        guard let state = UnitState(rawValue: state) else {
            preconditionFailure("the table's CHECK let the state “\(state)” pass")
        }
        return StoredUnit(
            id: try row.text("id"), name: try row.text("name"), uscc: try row.text("uscc"),
            isBuiltIn: try row.integer("built_in") == 1, state: state,
            version: try row.integer("version"),
            legalRepresentativeName: try row.text("legal_name"),
            legalRepresentativeID: try row.optionalBlob("legal_id"),
            legalRepresentativePhone: try row.optionalBlob("legal_phone"),
            contactPhone: try row.optionalBlob("contact_phone"),
            details: Identity.UnitDetails(
                address: try row.text("address"), contactName: try row.text("contact_name"),
                nature: try row.text("nature"), email: try row.text("email"),
                region: try row.text("region"), fax: try row.text("fax"),
                industryCode: try row.text("industry_code"), status: try row.text("status"),
                economicType: try row.text("economic_type"),
                taxNumber: try row.text("tax_number"),
                licenseKind: try row.text("license_kind"),
                licenseNumber: try row.text("license_number"),
                licenseDay: try row.text("license_day"),
                licenseYears: try row.text("license_years"),
                approvalNumber: try row.text("approval_number"),
                approvalDay: try row.text("approval_day"),
                approvingBody: try row.text("approving_body")))
    }

    private static func details(_ details: Identity.UnitDetails) -> [Value] {
        [
            details.contactName, details.address, details.nature, details.email, details.region,
            details.fax, details.industryCode, details.status, details.economicType,
            details.taxNumber, details.licenseKind, details.licenseNumber, details.licenseDay,
            details.licenseYears, details.approvalNumber, details.approvalDay,
            details.approvingBody,
        ].map { .text($0) }
    }

    /// - Parameter submitted: when its details were given; nil for an incomplete unit.
    static func insert(
        _ unit: StoredUnit, created: Timestamp, submitted: Timestamp?
    ) -> Statement {
        Statement(
            """
            INSERT INTO units (\(columns), created_ms, submitted_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
                    ?, ?, ?)
            """,
            [
                .text(unit.id), .text(unit.name), .text(unit.uscc),
                .integer(unit.isBuiltIn ? 1 : 0), .text(unit.state.rawValue),
                .integer(unit.version), .text(unit.legalRepresentativeName),
                .optional(unit.legalRepresentativeID), .optional(unit.legalRepresentativePhone),
                .optional(unit.contactPhone),
            ] + details(unit.details) + [
                .integer(created.milliseconds), .optional(submitted?.milliseconds),
            ])
    }

    /// Writes state, phones and details of the next version.
    /// - Parameter submitted: set by the first submission only.
    static func update(_ unit: StoredUnit, submitted: Timestamp?) -> Statement {
        Statement(
            """
            UPDATE units SET state = ?, version = ?, legal_phone = ?, contact_phone = ?,
                contact_name = ?, address = ?, nature = ?, email = ?, region = ?, fax = ?,
                industry_code = ?, status = ?, economic_type = ?, tax_number = ?,
                license_kind = ?, license_number = ?, license_day = ?, license_years = ?,
                approval_number = ?, approval_day = ?, approving_body = ?,
                submitted_ms = coalesce(submitted_ms, ?)
            WHERE id = ? AND version = ?
            """,
            [
                .text(unit.state.rawValue), .integer(unit.version),
                .optional(unit.legalRepresentativePhone), .optional(unit.contactPhone),
            ] + details(unit.details) + [
                .optional(submitted?.milliseconds), .text(unit.id), .integer(unit.version - 1),
            ], expectedChanges: 1)
    }

    /// The unit's last version; those that were merged into it go on with it.
    static func merge(_ unit: StoredUnit, into other: String) -> [Statement] {
        [
            Statement(
                "UPDATE units SET state = ?, version = ?, merged_into = ? WHERE id = ? AND version = ?",
                [
                    .text(unit.state.rawValue), .integer(unit.version), .text(other),
                    .text(unit.id), .integer(unit.version - 1),
                ], expectedChanges: 1),
            Statement(
                "UPDATE units SET merged_into = ? WHERE merged_into = ?",
                [.text(other), .text(unit.id)]),
        ]
    }
}
