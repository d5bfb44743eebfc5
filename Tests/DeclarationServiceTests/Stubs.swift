import MessageCoding
import Messages
import RPC
import Synchronization

/// How another service behaves.
enum Mood: Sendable {
    case answers
    /// It cannot be reached.
    case fails
    /// It does what it is asked for, and the answer is lost.
    case losesReplies
    /// It neither answers nor acts until its mood changes.
    case stalls
    /// Its rules say no with an error.
    case refuses(RPCCode)
}

/// A stand-in for another service, with the moods that a test gives it.
// Unchecked because it is open: what it stores is behind mutexes.
class StubService: RPCChannel, @unchecked Sendable {
    private let current = Mutex<Mood>(.answers)
    private let counted = Mutex<[String: Int]>([:])

    var mood: Mood {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// How often the method was called.
    func calls(_ method: String) -> Int { counted.withLock { $0[method] ?? 0 } }

    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        let name = method.name.split(separator: "/").last.map(String.init) ?? ""
        counted.withLock { $0[name, default: 0] += 1 }
        let end = options.timeout.map { ContinuousClock.now.advanced(by: $0) }
        while case .stalls = mood(for: request) {
            if let end, ContinuousClock.now >= end {
                throw RPCError(code: .deadlineExceeded, message: "no answer in time")
            }
            try await Self.rest()
        }
        switch mood {
        case .fails: throw RPCError(code: .unavailable, message: "down", verdict: .notExecuted)
        case .refuses(let code): throw RPCError(code: code, message: "规则不允许", verdict: .never)
        default: break
        }
        guard let reply = try answer(request) as? Reply else {
            throw RPCError(code: .unimplemented, message: method.name, verdict: .never)
        }
        if case .losesReplies = mood {
            throw RPCError(code: .unavailable, message: "the reply was lost")
        }
        return reply
    }

    func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        throw RPCError(code: .unimplemented, message: method.name, verdict: .never)
    }

    func mood(for request: any Message) -> Mood { mood }

    func answer(_ request: any Message) throws(RPCError) -> any Message {
        throw RPCError(code: .unimplemented, message: "\(type(of: request).fullName)")
    }

    private static func rest() async throws(RPCError) {
        do {
            try await Task.sleep(for: .milliseconds(2))
        } catch {
            throw RPCError(code: .cancelled, message: "cancelled")
        }
    }
}

/// Describes the people and units of the test.
// Unchecked as the class above it: what it stores is behind mutexes.
final class StubIdentity: StubService, @unchecked Sendable {
    private let persons = Mutex<[String: Identity.PersonSummary]>([:])
    private let units = Mutex<[String: Identity.UnitSummary]>([:])

    func add(_ person: Identity.PersonSummary) {
        persons.withLock { $0[person.personID] = person }
    }

    func add(_ unit: Identity.UnitSummary) { units.withLock { $0[unit.id] = unit } }

    override func answer(_ request: any Message) throws(RPCError) -> any Message {
        let found: (any Message)? =
            switch request {
            case let request as Identity.DescribePersonRequest:
                persons.withLock { $0[request.personID] }
            case let request as Identity.DescribeUnitRequest:
                units.withLock { $0[request.unitID] }
            default: nil
            }
        guard let found else { throw RPCError(code: .notFound, message: "不存在") }
        return found
    }
}

/// An archive with approved items and pins by (declaration, round).
// Unchecked as the class above it: what it stores is behind mutexes.
final class StubArchive: StubService, @unchecked Sendable {
    struct Round: Hashable {
        let declaration: String
        let round: Int64
    }

    private struct State {
        var stallsPins = false
        var withdrawsBeforePin = false
        var answerHolds = 1_000
        var items: [String: [Archive.Item]] = [:]
        var pins: [Round: [Archive.PinnedVersion]] = [:]
        var released: Set<Round> = []
    }

    private let state = Mutex(State())

    func add(_ item: Archive.Item) {
        state.withLock { $0.items[item.personID, default: []].append(item) }
    }

    /// The item is approved no more.
    func withdraw(_ id: String, of person: String) {
        state.withLock { $0.items[person]?.removeAll { $0.id == id } }
    }

    /// Pins are not answered, everything else is.
    var stallPins: Bool {
        get { state.withLock { $0.stallsPins } }
        set { state.withLock { $0.stallsPins = newValue } }
    }

    /// Every item's approval is taken back between being read and being pinned.
    var withdrawBeforePin: Bool {
        get { state.withLock { $0.withdrawsBeforePin } }
        set { state.withLock { $0.withdrawsBeforePin = newValue } }
    }

    override func mood(for request: any Message) -> Mood {
        request is Archive.PinVersionsRequest && stallPins ? .stalls : mood
    }

    var pinned: Set<Round> { state.withLock { Set($0.pins.keys) } }

    override func answer(_ request: any Message) throws(RPCError) -> any Message {
        switch request {
        case let request as Archive.ReadApprovedRequest: read(request)
        case let request as Archive.PinVersionsRequest: pin(request)
        case let request as Archive.UnpinVersionsRequest:
            state.withLock { state in
                let round = Round(declaration: request.declarationID, round: request.round)
                state.pins[round] = nil
                state.released.insert(round)
                return Archive.UnpinVersionsReply()
            }
        default: throw RPCError(code: .unimplemented, message: "archive")
        }
    }

    /// Evidence, in one piece, to the service itself only: the archive knows no superior and no committee.
    override func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        guard let request = request as? Archive.DownloadEvidenceRequest,
            CallScope.current?.session == nil
        else { throw RPCError(code: .permissionDenied, message: method.name, verdict: .never) }
        let content = Array("%PDF \(request.attachmentID)".utf8)
        return OneMessage(
            Archive.DownloadEvidenceReply(
                attachment: Common.Attachment(
                    id: request.attachmentID, byteCount: Int64(content.count)),
                content: content))
    }

    /// How many items fit into one answer.
    var answerHolds: Int {
        get { state.withLock { $0.answerHolds } }
        set { state.withLock { $0.answerHolds = newValue } }
    }

    private func read(_ request: Archive.ReadApprovedRequest) -> Archive.ReadApprovedReply {
        let all = state.withLock { $0.items[request.personID] ?? [] }
        let asked = request.itemIDs.isEmpty ? all.map(\.id) : request.itemIDs
        let found = all.filter { asked.contains($0.id) }
        return Archive.ReadApprovedReply(
            items: Array(found.prefix(answerHolds)),
            missing: asked.filter { id in !all.contains { $0.id == id } },
            rest: found.dropFirst(answerHolds).map(\.id))
    }

    private func pin(_ request: Archive.PinVersionsRequest) -> Archive.PinVersionsReply {
        state.withLock { state in
            let round = Round(declaration: request.declarationID, round: request.round)
            guard !state.released.contains(round) else {
                return Archive.PinVersionsReply(pinned: false)
            }
            let known = state.withdrawsBeforePin ? [] : state.items.values.flatMap { $0 }
            let refused = request.versions.filter { version in
                !known.contains { $0.id == version.itemID && $0.version == version.version }
            }
            guard refused.isEmpty else {
                return Archive.PinVersionsReply(
                    pinned: false, refused: refused.map(\.itemID))
            }
            state.pins[round] = request.versions
            return Archive.PinVersionsReply(pinned: true)
        }
    }
}

/// A reply of one message, that is there already.
private final class OneMessage: MessageStream {
    private let message: Mutex<(any Message)?>

    init(_ message: any Message) {
        self.message = Mutex(message)
    }

    func send(_ message: any Message) {}
    func finish() {}
    func cancel() {}

    func next<M: Message>(_ type: M.Type) -> M? {
        message.withLock { message in
            defer { message = nil }
            return message as? M
        }
    }
}

/// A ledger of so many vacancies, for every unit, year and level together.
// Unchecked as the class above it: what it stores is behind mutexes.
final class StubQuota: StubService, @unchecked Sendable {
    private struct State {
        var vacancies: Int64 = 1_000
        var reservations: [String: Quota.ReservationState] = [:]
    }

    private let state = Mutex(State())

    var vacancies: Int64 {
        get { state.withLock { $0.vacancies } }
        set { state.withLock { $0.vacancies = newValue } }
    }

    func reservation(_ id: String) -> Quota.ReservationState? {
        state.withLock { $0.reservations[id] }
    }

    /// Reserved or confirmed ones.
    var held: Set<String> {
        state.withLock { state in
            Set(
                state.reservations.filter { $0.value == .reserved || $0.value == .confirmed }
                    .keys)
        }
    }

    override func answer(_ request: any Message) throws(RPCError) -> any Message {
        switch request {
        case let request as Quota.ReserveRequest: return reserve(request)
        case let request as Quota.GetVacanciesRequest:
            return state.withLock { state in
                let taken = state.reservations.values.count {
                    $0 == .reserved || $0 == .confirmed
                }
                return Quota.GetVacanciesReply(
                    year: request.year, confirmed: true,
                    levels: [.seniorAssociate, .intermediate].map { level in
                        Quota.LevelVacancies(
                            level: level, approved: state.vacancies, reserved: Int64(taken))
                    })
            }
        case let request as Quota.ConfirmRequest:
            let now = state.withLock { state -> Quota.ReservationState? in
                if state.reservations[request.reservationID] == .reserved {
                    state.reservations[request.reservationID] = .confirmed
                }
                return state.reservations[request.reservationID]
            }
            guard let now, now == .confirmed || now == .released else {
                throw RPCError(code: .failedPrecondition, message: "未预留", verdict: .never)
            }
            return Quota.ConfirmReply(state: now)
        case let request as Quota.ConsumeRequest:
            state.withLock { $0.reservations[request.reservationID] = .consumed }
            return Quota.ConsumeReply(state: .consumed)
        case let request as Quota.ReleaseRequest:
            state.withLock { $0.reservations[request.reservationID] = .released }
            return Quota.ReleaseReply(state: .released)
        default: throw RPCError(code: .unimplemented, message: "quota")
        }
    }

    private func reserve(_ request: Quota.ReserveRequest) -> Quota.ReserveReply {
        state.withLock { state in
            let taken = state.reservations.values.count { $0 == .reserved || $0 == .confirmed }
            let facts = Common.VacancyFacts(
                year: request.year, level: request.level, approved: state.vacancies,
                recommended: Int64(taken))
            switch state.reservations[request.reservationID] {
            case .reserved?, .confirmed?: return Quota.ReserveReply(state: .reserved, facts: facts)
            case nil where Int64(taken) < state.vacancies:
                state.reservations[request.reservationID] = .reserved
                return Quota.ReserveReply(state: .reserved, facts: facts)
            case nil: state.reservations[request.reservationID] = .refused
            default: break
            }
            return Quota.ReserveReply(state: .refused, facts: facts, message: "岗位没有空缺")
        }
    }
}
