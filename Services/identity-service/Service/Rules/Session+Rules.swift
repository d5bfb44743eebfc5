import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

/// The answer of a command that has nothing to tell.
struct Done: StorableReply {
    init() {}
    func storedBytes() throws -> [UInt8] { [] }
    init(storedBytes: [UInt8]) throws {}
}

/// How long things of a login live, on the service's clock.
enum SessionLimits {
    static let idleMilliseconds: Int64 = 15 * 60_000
    static let absoluteMilliseconds: Int64 = 12 * 3_600_000
    /// A request is noted at most this often; it counts towards the idle limit, not beyond it.
    static let noteMilliseconds: Int64 = 60_000
    /// The newest sessions of a person that stay.
    static let mostPerPerson: Int64 = 20
    static let loginStateMilliseconds: Int64 = 10 * 60_000
}

extension StoredSession {
    /// Why the session is no good any more; nil while it is.
    func ended(at now: Timestamp) -> RPCError? {
        if now.milliseconds >= expiresMilliseconds || now.milliseconds >= idleExpires {
            return RPCError(code: .unauthenticated, message: "登录已过期，请重新登录")
        }
        if let unit {
            guard unit.isActiveOfficer, unit.state.admitsOfficers else {
                return RPCError(code: .unauthenticated, message: "该账号已不能代表该单位，请重新登录")
            }
        }
        return nil
    }

    private var idleExpires: Int64 {
        min(seenMilliseconds + SessionLimits.idleMilliseconds, expiresMilliseconds)
    }

    /// Whether this request is to be noted.
    func needsNote(at now: Timestamp) -> Bool {
        now.milliseconds - seenMilliseconds >= SessionLimits.noteMilliseconds
    }

    /// As it travels.
    /// - Parameter forService: with the person's key, which no user may see.
    func message(at now: Timestamp, forService: Bool) -> Identity.Session {
        let seen = needsNote(at: now) ? now.milliseconds : seenMilliseconds
        let key = person.idIndex ?? []
        return Identity.Session(
            personID: person.id, name: person.name,
            role: person.kind.role(officer: unit?.role ?? .unspecified),
            unit: unit.map {
                Identity.UnitSummary(
                    unitID: $0.id, name: $0.name, uscc: $0.uscc, nature: $0.nature,
                    region: $0.region)
            },
            region: person.region, committeeID: person.committeeID,
            idleExpiresMs: min(seen + SessionLimits.idleMilliseconds, expiresMilliseconds),
            expiresMs: expiresMilliseconds, mustChangePassword: mustChangePassword,
            mustSubmitUnit: unit?.state == .incomplete,
            mustRecordOfficer: person.kind != .applicant && key.isEmpty,
            personKey: forService ? key : [],
            unitOfficers: UInt32(clamping: unit?.activeOfficers ?? 0))
    }
}

/// Statements that start a session and keep the person's sessions few.
func startSession(
    tokenHash: [UInt8], person: String, unit: String?, existing: Int64, at now: Timestamp
) -> [Statement] {
    var writes = SessionStore.deleteExpired(at: now)
    if existing >= SessionLimits.mostPerPerson {
        writes.append(
            SessionStore.deleteOldest(of: person, keeping: SessionLimits.mostPerPerson - 1))
    }
    writes.append(
        SessionStore.insert(
            tokenHash: tokenHash, person: person, unit: unit, created: now,
            expires: Timestamp(
                milliseconds: now.milliseconds + SessionLimits.absoluteMilliseconds)))
    return writes
}

/// Signs in with a password that the handler has verified.
struct OpenSession: Command {
    /// The account as it was when its password was verified.
    let account: StoredAccount
    let tokenHash: [UInt8]

    struct Facts: Sendable {
        let account: StoredAccount?
        let person: StoredPerson?
        let office: StoredOfficer?
        let unit: StoredUnit?
        /// The name of the unit into which one of this officer was merged; only without an office.
        let survivor: String?
        let sessions: Int64
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let office = try PersonStore.activeOffice(of: account.personID, rows)
        return Facts(
            account: try PersonStore.account(account.account, rows),
            person: try PersonStore.person(account.personID, rows), office: office,
            unit: try office.flatMap { try UnitStore.unit($0.unitID, rows) },
            survivor: try office == nil
                ? UnitStore.survivor(ofOfficer: account.personID, rows) : nil,
            sessions: try SessionStore.count(of: account.personID, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        // The password may have been reset while it was verified.
        guard facts.account == account, let person = facts.person else {
            throw Self.wrongPassword
        }
        if person.kind == .officer {
            guard facts.office != nil else {
                throw facts.survivor.map { .merged(into: $0, isListed: true) }
                    ?? .denied("该经办人已被单位移除")
            }
            guard let unit = facts.unit, unit.state.admitsOfficers else {
                throw .denied("该单位已停用，请联系人社部门")
            }
        }
        return Plan(
            writes: startSession(
                tokenHash: tokenHash, person: person.id, unit: facts.office?.unitID,
                existing: facts.sessions, at: now),
            messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(person.id)", action: "identity.session.open",
                    object: "person:\(person.id)", before: [], after: [("way", "password")])
            ], reply: Done())
    }

    /// The same for an unknown account and for a wrong password.
    static let wrongPassword = Refusal(code: 16, message: "账号或密码不正确", details: [])
}

/// Ends the session that made the call.
struct SignOut: Command {
    let personID: String
    let tokenHash: [UInt8]

    func read(_ rows: any RowReader) throws {}

    func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        Plan(
            writes: [SessionStore.delete(tokenHash: tokenHash)], messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "identity.session.close",
                    object: "person:\(personID)", before: [], after: [])
            ], reply: Done())
    }
}

/// Notes the latest requests of sessions, many in one command.
struct NoteRequests: Command {
    let seen: [[UInt8]: Timestamp]

    func read(_ rows: any RowReader) throws {}

    func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        Plan(
            writes: seen.map { SessionStore.touch(tokenHash: $0.key, seen: $0.value) },
            messages: [], audit: [], reply: Done())
    }
}
