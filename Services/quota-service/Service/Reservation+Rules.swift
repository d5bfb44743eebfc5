import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// What is stored of a reservation. Successors: reserved → confirmed, released, consumed; confirmed →
/// released, consumed; the others stay.
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

/// Step R of a declaration that occupies a post: one vacancy of the level in the plan's year, or
/// a durable refusal.
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
        let who = Holder(request.reservationID, request.declarationID, request.round)
        try who.check()
        guard Common.QuotaLevel.all.contains(request.level) else {
            throw Refusal(code: 3, message: "预留的职称级别未知：\(request.level.rawValue)")
        }
        if let existing = facts.existing {
            try who.checkOwns(existing)
            return Plan(reply: Self.answer(again: existing))
        }
        let record = facts.record.flatMap { $0.state == .confirmed ? $0 : nil }
        let level = record?.levels.first { $0.level == request.level }
        let vacancy =
            level?.facts(year: request.year)
            ?? Common.VacancyFacts(year: request.year, level: request.level, noRecord: true)
        guard let record, let level else {
            return refusal("\(request.year) 年度没有已确认的岗位核准信息", vacancy, at: now)
        }
        guard !facts.roundIsTaken else {
            return refusal("该申报本轮已占用一个岗位", vacancy, at: now)
        }
        guard level.hasVacancy else {
            return refusal("\(request.year) 年度\(level.level.label)岗位没有空缺", vacancy, at: now)
        }
        var afterwards = vacancy
        afterwards.recommended += 1
        let reply = Quota.ReserveReply(state: .reserved, facts: afterwards)
        let reservation = StoredReservation(
            id: request.reservationID, declarationID: request.declarationID,
            round: request.round, state: .reserved, recordID: record.id, level: request.level,
            reply: reply)
        return Plan(
            writes: [QuotaStore.insert(reservation, at: now)]
                + QuotaStore.enter(
                    .reserve, by: reservation.id, level.entering(reserved: 1),
                    record: record.id, at: now),
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
            writes: [QuotaStore.insert(reservation, at: now)],
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
        _ action: String, _ reservation: StoredReservation, before: String? = nil, after: String
    ) -> AuditEntry {
        AuditEntry(
            actor: "service:declaration-service", action: action,
            object: "reservation:\(reservation.id)",
            before: before.map { [("state", $0)] } ?? [],
            after: [("state", after), ("declaration", reservation.declarationID)])
    }
}

/// For whom a reservation is: what its three messages have in common.
private struct Holder {
    let reservation: String
    let declaration: String
    let round: Int64

    init(_ reservation: String, _ declaration: String, _ round: Int64) {
        self.reservation = reservation
        self.declaration = declaration
        self.round = round
    }

    /// Ids are 32 digits; what is longer than twice that is none.
    private static let longestID = 64

    func check() throws(Refusal) {
        for id in [reservation, declaration] where !(1...Self.longestID).contains(id.utf8.count) {
            throw Refusal(
                code: 3, message: "预留编号和申报编号应为 1 至 \(Self.longestID) 字节，收到 \(id.utf8.count) 字节")
        }
        guard round >= 1 else {
            throw Refusal(code: 3, message: "申报轮次应从 1 开始，收到 \(round)")
        }
    }

    /// An id is given to one declaration's round for ever.
    func checkOwns(_ existing: StoredReservation) throws(Refusal) {
        guard existing.declarationID == declaration, existing.round == round else {
            throw .precondition("预留编号已用于另一申报或另一轮")
        }
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
        let who = Holder(request.reservationID, request.declarationID, request.round)
        try who.check()
        guard let existing else { throw .notFound("预留") }
        try who.checkOwns(existing)
        switch existing.state {
        case .reserved:
            return Plan(
                writes: [QuotaStore.change(existing, to: .confirmed)],
                audit: [
                    Reserve.audit(
                        "quota.confirm", existing, before: "reserved", after: "confirmed")
                ],
                reply: Quota.ConfirmReply(state: .confirmed))
        case .confirmed, .released, .consumed:
            return Plan(reply: Quota.ConfirmReply(state: existing.state))
        default:
            throw .precondition("该预留未成功，不能确认")
        }
    }
}

/// Gives a vacancy back. Of an unknown id it leaves a tombstone, so that a late Reserve is refused.
struct Release: Command {
    let request: Quota.ReleaseRequest

    func read(_ rows: any RowReader) throws -> HeldVacancy {
        try HeldVacancy(request.reservationID, rows)
    }

    func decide(
        _ facts: HeldVacancy, at now: Timestamp
    ) throws(Refusal) -> Plan<Quota.ReleaseReply> {
        let who = Holder(request.reservationID, request.declarationID, request.round)
        try who.check()
        let reply = Quota.ReleaseReply(state: .released)
        guard let existing = facts.reservation else {
            let tombstone = StoredReservation(
                id: request.reservationID, declarationID: request.declarationID,
                round: request.round, state: .released, recordID: nil, level: .unspecified,
                reply: nil)
            return Plan(
                writes: [QuotaStore.insert(tombstone, at: now)],
                audit: [Reserve.audit("quota.release", tombstone, after: "tombstone")],
                reply: reply)
        }
        try who.checkOwns(existing)
        guard existing.state != .consumed else { throw .precondition("该预留已使用，不能释放") }
        guard existing.state == .reserved || existing.state == .confirmed,
            let record = existing.recordID, let level = facts.level
        else { return Plan(reply: reply) }
        return Plan(
            writes: [QuotaStore.change(existing, to: .released)]
                + QuotaStore.enter(
                    .release, by: existing.id, level.entering(reserved: -1), record: record,
                    at: now),
            audit: [
                Reserve.audit(
                    "quota.release", existing,
                    before: existing.state == .reserved ? "reserved" : "confirmed",
                    after: "released")
            ], reply: reply)
    }
}

/// A reservation with the level that it takes from.
struct HeldVacancy: Sendable {
    let reservation: StoredReservation?
    let level: StoredLevel?

    init(_ id: String, _ rows: any RowReader) throws {
        let reservation = try QuotaStore.reservation(id, rows)
        self.reservation = reservation
        level = try reservation.flatMap { reservation in
            try reservation.recordID.flatMap {
                try QuotaStore.level(reservation.level, record: $0, rows)
            }
        }
    }
}

/// The declaration passed: its vacancy is used for good (decision 6). Repeats change nothing.
struct Consume: Command {
    let request: Quota.ConsumeRequest

    func read(_ rows: any RowReader) throws -> HeldVacancy {
        try HeldVacancy(request.reservationID, rows)
    }

    func decide(
        _ facts: HeldVacancy, at now: Timestamp
    ) throws(Refusal) -> Plan<Quota.ConsumeReply> {
        let who = Holder(request.reservationID, request.declarationID, request.round)
        try who.check()
        let reply = Quota.ConsumeReply(state: .consumed)
        guard let existing = facts.reservation else { throw .notFound("预留") }
        try who.checkOwns(existing)
        if existing.state == .consumed { return Plan(reply: reply) }
        guard existing.state == .reserved || existing.state == .confirmed,
            let record = existing.recordID, let level = facts.level
        else { throw .precondition("该预留未成功或已释放，不能使用") }
        return Plan(
            writes: [QuotaStore.consume(existing, at: now)]
                + QuotaStore.enter(
                    .consume, by: existing.id, level.entering(reserved: -1, consumed: 1),
                    record: record, at: now),
            audit: [
                Reserve.audit(
                    "quota.consume", existing,
                    before: existing.state == .reserved ? "reserved" : "confirmed",
                    after: "consumed")
            ], reply: reply)
    }
}
