import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// What is stored of a reservation. Successors: reserved → confirmed, released; confirmed → released; refused and released stay.
struct StoredReservation: Sendable {
    let id: String
    let declarationID: String
    let round: Int64
    let state: Quota.ReservationState
    let recordID: String?
    let level: Common.QuotaLevel
    /// The answer that was given, for repeats.
    let reply: Quota.ReserveReply?
}

/// Step R of a declaration that occupies a post: one vacancy of the level in the plan's year, or a durable refusal.
struct Reserve: Command {
    let request: Quota.ReserveRequest

    struct Facts: Sendable {
        let existing: StoredReservation?
        let record: StoredRecord?
        let roundIsTaken: Bool
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            existing: try QuotaStore.reservation(request.reservationID, rows),
            record: try QuotaStore.liveRecord(unit: request.unitID, year: request.year, rows),
            roundIsTaken: try QuotaStore.roundIsTaken(
                declaration: request.declarationID, round: request.round, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Quota.ReserveReply> {
        guard !request.reservationID.isEmpty, !request.declarationID.isEmpty,
            Common.QuotaLevel.all.contains(request.level)
        else { throw Refusal(code: 3, message: "预留请求不完整", details: []) }
        if let existing = facts.existing {
            return Plan(writes: [], messages: [], audit: [], reply: Self.answer(again: existing))
        }
        guard !facts.roundIsTaken else {
            throw .precondition("该申报本轮已占用一个岗位")
        }
        let record = facts.record.flatMap { $0.state == .confirmed ? $0 : nil }
        let level = record?.levels.first { $0.level == request.level }
        let vacancy = Common.VacancyFacts(
            year: request.year, level: request.level, unlimited: level?.unlimited ?? false,
            approved: level?.approved ?? 0, recommended: level?.recommended ?? 0,
            noRecord: level == nil)
        guard let record, let level else {
            return refusal("\(request.year) 年度没有已确认的岗位核准信息", vacancy, at: now)
        }
        guard level.hasVacancy else {
            return refusal("\(request.year) 年度\(level.level.label)岗位没有空缺", vacancy, at: now)
        }
        let reply = Quota.ReserveReply(state: .reserved, facts: vacancy, message: "")
        let reservation = StoredReservation(
            id: request.reservationID, declarationID: request.declarationID,
            round: request.round, state: .reserved, recordID: record.id, level: request.level,
            reply: reply)
        return Plan(
            writes: [QuotaStore.insert(reservation, at: now)]
                + QuotaStore.enter(
                    .reserve, reservation, level, record: record.id, at: now),
            messages: [],
            audit: [Self.audit("quota.reserve", reservation, after: "reserved")], reply: reply)
    }

    private func refusal(
        _ message: String, _ facts: Common.VacancyFacts, at now: Timestamp
    ) -> Plan<Quota.ReserveReply> {
        let reply = Quota.ReserveReply(state: .refused, facts: facts, message: message)
        let reservation = StoredReservation(
            id: request.reservationID, declarationID: request.declarationID,
            round: request.round, state: .refused, recordID: nil, level: request.level,
            reply: reply)
        return Plan(
            writes: [QuotaStore.insert(reservation, at: now)], messages: [],
            audit: [Self.audit("quota.reserve", reservation, after: "refused")], reply: reply)
    }

    /// A repeat gets the first answer; one that was released meanwhile is refused.
    private static func answer(again existing: StoredReservation) -> Quota.ReserveReply {
        switch existing.state {
        case .released:
            Quota.ReserveReply(state: .refused, message: "该预留已被释放")
        default:
            existing.reply ?? Quota.ReserveReply(state: .refused, message: "该预留已被拒绝")
        }
    }

    static func audit(
        _ action: String, _ reservation: StoredReservation, after: String
    ) -> AuditEntry {
        AuditEntry(
            actor: "service:declaration-service", action: action,
            object: "reservation:\(reservation.id)",
            before: [("declaration", reservation.declarationID)], after: [("state", after)])
    }
}

/// The declaration was approved: its reservation stays until the flow ends.
struct Confirm: Command {
    let request: Quota.ConfirmRequest

    func read(_ rows: any RowReader) throws -> StoredReservation? {
        try QuotaStore.reservation(request.reservationID, rows)
    }

    func decide(
        _ existing: StoredReservation?, at now: Timestamp
    ) throws(Refusal) -> Plan<Quota.ConfirmReply> {
        guard let existing else { throw .notFound("预留") }
        switch existing.state {
        case .reserved:
            return Plan(
                writes: [QuotaStore.change(existing, to: .confirmed)], messages: [],
                audit: [Reserve.audit("quota.confirm", existing, after: "confirmed")],
                reply: Quota.ConfirmReply(state: .confirmed))
        case .confirmed, .released:
            return Plan(
                writes: [], messages: [], audit: [],
                reply: Quota.ConfirmReply(state: existing.state))
        default:
            throw .precondition("该预留未成功，不能确认")
        }
    }
}

/// Gives a vacancy back. Of an unknown id it leaves a tombstone, so that a late Reserve is refused.
struct Release: Command {
    let request: Quota.ReleaseRequest

    struct Facts: Sendable {
        let reservation: StoredReservation?
        let level: StoredLevel?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let reservation = try QuotaStore.reservation(request.reservationID, rows)
        let level = try reservation.flatMap { reservation in
            try reservation.recordID.flatMap {
                try QuotaStore.level(reservation.level, record: $0, rows)
            }
        }
        return Facts(reservation: reservation, level: level)
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Quota.ReleaseReply> {
        let reply = Quota.ReleaseReply(state: .released)
        guard let existing = facts.reservation else {
            let tombstone = StoredReservation(
                id: request.reservationID, declarationID: request.declarationID,
                round: request.round, state: .released, recordID: nil, level: .unspecified,
                reply: nil)
            return Plan(
                writes: [QuotaStore.insert(tombstone, at: now)], messages: [],
                audit: [Reserve.audit("quota.release", tombstone, after: "tombstone")],
                reply: reply)
        }
        guard existing.state == .reserved || existing.state == .confirmed,
            let record = existing.recordID, let level = facts.level
        else { return Plan(writes: [], messages: [], audit: [], reply: reply) }
        return Plan(
            writes: [QuotaStore.change(existing, to: .released)]
                + QuotaStore.enter(.release, existing, level, record: record, at: now),
            messages: [],
            audit: [Reserve.audit("quota.release", existing, after: "released")], reply: reply)
    }
}
