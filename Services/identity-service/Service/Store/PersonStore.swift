import Domain
import Messages
import Storage

/// What kind of person an account belongs to; an officer's role is kept per unit.
enum PersonKind: String, Sendable, Hashable, CaseIterable {
    case officer
    case applicant
    case hrDepartment = "hr_department"
    case superior
    case committee

    /// Nil for an unknown role.
    init?(_ role: Identity.Role) {
        switch role {
        case .unitAdministrator, .unitReviewer: self = .officer
        case .applicant: self = .applicant
        case .hrDepartment: self = .hrDepartment
        case .superior: self = .superior
        case .committee: self = .committee
        default: return nil
        }
    }

    /// - Parameter officer: the role in the session's unit.
    func role(officer: Identity.Role) -> Identity.Role {
        switch self {
        case .officer: officer
        case .applicant: .applicant
        case .hrDepartment: .hrDepartment
        case .superior: .superior
        case .committee: .committee
        }
    }
}

/// What is stored of a person. ID number and phone are ciphertexts.
struct StoredPerson: Sendable, Hashable {
    let id: String
    let kind: PersonKind
    var name: String
    var idNumber: [UInt8]?
    /// Keyed index of the ID number.
    var idIndex: [UInt8]?
    var phone: [UInt8]?
    var region = ""
    var committeeID = ""
}

/// A person's place in a unit.
struct StoredOfficer: Sendable, Hashable {
    let unitID: String
    let personID: String
    let role: Identity.Role
    let isActive: Bool

    /// The same place with another role, or left, or taken again.
    func with(role: Identity.Role? = nil, isActive: Bool? = nil) -> StoredOfficer {
        StoredOfficer(
            unitID: unitID, personID: personID, role: role ?? self.role,
            isActive: isActive ?? self.isActive)
    }
}

/// Name and password of a person who does not come through a provider.
struct StoredAccount: Sendable, Hashable {
    let account: String
    let personID: String
    /// As `PasswordHasher` writes it.
    var password: String
    /// Steps by one with each password.
    var generation: Int64
    var mustChange: Bool

    /// The same account of another person.
    func of(_ person: String) -> StoredAccount {
        StoredAccount(
            account: account, personID: person, password: password, generation: generation,
            mustChange: mustChange)
    }
}

/// The SQL of persons, officers and accounts: rows in, statements out.
enum PersonStore {
    private static let columns =
        "id, kind, name, id_number, id_index, phone, region, committee_id"

    static func person(_ id: String, _ rows: any RowReader) throws -> StoredPerson? {
        try rows.row(Statement("SELECT \(columns) FROM persons WHERE id = ?", [.text(id)]))
            .map(stored)
    }

    /// The applicant with this ID number.
    static func applicant(idIndex: [UInt8], _ rows: any RowReader) throws -> StoredPerson? {
        try rows.row(
            Statement(
                "SELECT \(columns) FROM persons WHERE id_index = ? AND kind = 'applicant'",
                [.blob(idIndex)])
        ).map(stored)
    }

    /// Who a provider's subject is here.
    static func person(
        issuer: String, subject: String, _ rows: any RowReader
    ) throws -> StoredPerson? {
        let found = try rows.row(
            Statement(
                "SELECT person_id FROM identities WHERE issuer = ? AND subject = ?",
                [.text(issuer), .text(subject)]))
        return try found.flatMap { try person($0.text("person_id"), rows) }
    }

    static func officer(
        _ person: String, unit: String, _ rows: any RowReader
    ) throws -> StoredOfficer? {
        try rows.row(
            Statement(
                """
                SELECT unit_id, person_id, role, active FROM officers
                WHERE unit_id = ? AND person_id = ?
                """, [.text(unit), .text(person)])
        ).map(officer)
    }

    /// Where the person is an active officer; accounts have one place at most.
    static func activeOffice(
        of person: String, _ rows: any RowReader
    ) throws -> StoredOfficer? {
        try rows.row(
            Statement(
                """
                SELECT unit_id, person_id, role, active FROM officers
                WHERE person_id = ? AND active = 1 ORDER BY unit_id LIMIT 1
                """, [.text(person)])
        ).map(officer)
    }

    static func account(_ name: String, _ rows: any RowReader) throws -> StoredAccount? {
        try rows.row(
            Statement(
                """
                SELECT account, person_id, password, generation, must_change
                FROM accounts WHERE account = ?
                """, [.text(name)])
        ).map(account)
    }

    static func account(of person: String, _ rows: any RowReader) throws -> StoredAccount? {
        try rows.row(
            Statement(
                """
                SELECT account, person_id, password, generation, must_change
                FROM accounts WHERE person_id = ?
                """, [.text(person)])
        ).map(account)
    }

    /// Whether the person has an account, or comes through a provider.
    static func canSignIn(_ person: String, _ rows: any RowReader) throws -> Bool {
        try rows.row(
            Statement(
                """
                SELECT 1 AS found FROM accounts WHERE person_id = ?
                UNION ALL SELECT 1 FROM identities WHERE person_id = ? LIMIT 1
                """, [.text(person), .text(person)])) != nil
    }

    private static func stored(_ row: Row) throws -> StoredPerson {
        let kind = try row.text("kind")
        guard let kind = PersonKind(rawValue: kind) else {
            preconditionFailure("the table's CHECK let the kind “\(kind)” pass")
        }
        return StoredPerson(
            id: try row.text("id"), kind: kind, name: try row.text("name"),
            idNumber: try row.optionalBlob("id_number"),
            idIndex: try row.optionalBlob("id_index"), phone: try row.optionalBlob("phone"),
            region: try row.text("region"), committeeID: try row.text("committee_id"))
    }

    private static func officer(_ row: Row) throws -> StoredOfficer {
        StoredOfficer(
            unitID: try row.text("unit_id"), personID: try row.text("person_id"),
            role: Identity.Role(rawValue: Int32(try row.integer("role"))),
            isActive: try row.integer("active") == 1)
    }

    private static func account(_ row: Row) throws -> StoredAccount {
        StoredAccount(
            account: try row.text("account"), personID: try row.text("person_id"),
            password: try row.text("password"), generation: try row.integer("generation"),
            mustChange: try row.integer("must_change") == 1)
    }

    // MARK: writes

    static func insert(_ person: StoredPerson, at now: Timestamp) -> Statement {
        Statement(
            "INSERT INTO persons (\(columns), created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .text(person.id), .text(person.kind.rawValue), .text(person.name),
                .optional(person.idNumber), .optional(person.idIndex), .optional(person.phone),
                .text(person.region), .text(person.committeeID), .integer(now.milliseconds),
            ])
    }

    /// Writes name, ID number and phone.
    static func update(_ person: StoredPerson) -> Statement {
        Statement(
            "UPDATE persons SET name = ?, id_number = ?, id_index = ?, phone = ? WHERE id = ?",
            [
                .text(person.name), .optional(person.idNumber), .optional(person.idIndex),
                .optional(person.phone), .text(person.id),
            ], expectedChanges: 1)
    }

    static func insert(_ officer: StoredOfficer, at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO officers (unit_id, person_id, role, active, since_ms)
            VALUES (?, ?, ?, ?, ?)
            """,
            [
                .text(officer.unitID), .text(officer.personID),
                .integer(Int64(officer.role.rawValue)), .integer(officer.isActive ? 1 : 0),
                .integer(now.milliseconds),
            ])
    }

    static func insertIdentity(issuer: String, subject: String, person: String) -> Statement {
        Statement(
            "INSERT INTO identities (issuer, subject, person_id) VALUES (?, ?, ?)",
            [.text(issuer), .text(subject), .text(person)])
    }

    static func insert(_ account: StoredAccount, at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO accounts
                (account, person_id, password, generation, must_change, changed_ms)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                .text(account.account), .text(account.personID), .text(account.password),
                .integer(account.generation), .integer(account.mustChange ? 1 : 0),
                .integer(now.milliseconds),
            ])
    }

    /// Writes the password of the next generation.
    static func update(_ account: StoredAccount, at now: Timestamp) -> Statement {
        Statement(
            """
            UPDATE accounts SET password = ?, generation = ?, must_change = ?, changed_ms = ?
            WHERE account = ? AND generation = ?
            """,
            [
                .text(account.password), .integer(account.generation),
                .integer(account.mustChange ? 1 : 0), .integer(now.milliseconds),
                .text(account.account), .integer(account.generation - 1),
            ], expectedChanges: 1)
    }
}
