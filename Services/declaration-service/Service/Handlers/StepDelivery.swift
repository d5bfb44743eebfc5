import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Delivers the outbox's errands, and lets the answers take effect (T2).
struct StepDelivery: Sendable {
    /// Of one try; the relay repeats.
    static let timeout = Duration.seconds(5)

    let database: Database
    let quota: Quota.QuotaClient
    let archive: Archive.ArchiveClient
    let desk: StepDesk
    let ids: @Sendable () -> String

    /// To quota-service.
    func toQuota(_ message: StoredMessage) async throws {
        let options = try Self.options(message)
        switch Errand(rawValue: message.kind) {
        case .reserve:
            let request = try Quota.ReserveRequest(decoding: message.payload)
            try await finish(message) {
                let reply = try await quota.reserve(request, options: options)
                switch reply.state {
                case .reserved, .confirmed: return FinishStep.Answer(agreed: true)
                case .refused, .released:
                    return FinishStep.Answer(
                        agreed: false, message: reply.message, vacancy: reply.facts)
                default: throw UnknownAnswer(message.kind)
                }
            }
        case .confirm:
            _ = try await quota.confirm(
                Quota.ConfirmRequest(decoding: message.payload), options: options)
        case .release:
            _ = try await quota.release(
                Quota.ReleaseRequest(decoding: message.payload), options: options)
        case .consume:
            _ = try await quota.consume(
                Quota.ConsumeRequest(decoding: message.payload), options: options)
        default: throw UnknownAnswer(message.kind)
        }
    }

    /// To archive-service.
    func toArchive(_ message: StoredMessage) async throws {
        let options = try Self.options(message)
        switch Errand(rawValue: message.kind) {
        case .pin:
            let request = try Archive.PinVersionsRequest(decoding: message.payload)
            try await finish(message) {
                let reply = try await archive.pinVersions(request, options: options)
                guard reply.pinned else {
                    return FinishStep.Answer(
                        agreed: false,
                        message: "引用的业绩中有 \(reply.refused.count) 项已不是审核通过的版本，请刷新后重新提交")
                }
                return FinishStep.Answer(agreed: true)
            }
        case .unpin:
            _ = try await archive.unpinVersions(
                Archive.UnpinVersionsRequest(decoding: message.payload), options: options)
        default: throw UnknownAnswer(message.kind)
        }
    }

    /// The step takes effect by what the other service answers. A definite no of its rules ends the step;
    /// everything else is asked again, for as long as it takes.
    private func finish(
        _ message: StoredMessage, _ ask: () async throws -> FinishStep.Answer
    ) async throws {
        let answer: FinishStep.Answer
        do {
            answer = try await ask()
        } catch let error as RPCError where error.isDefiniteNo {
            answer = FinishStep.Answer(agreed: false, message: error.message, undo: true)
        }
        let step = Hexadecimal.text(message.id)
        _ = try await database.performOnce(
            FinishStep(stepID: step, answer: answer, ids: CommandIDs(ids)))
        desk.finished(step)
    }

    private static func options(_ message: StoredMessage) throws -> CallOptions {
        guard let key = IdempotencyKey(message.id) else { throw UnknownAnswer(message.kind) }
        var options = CallOptions()
        options.timeout = timeout
        options.idempotencyKey = key
        return options
    }
}

/// An errand or an answer that this version does not know; it stays in the outbox.
struct UnknownAnswer: Error, CustomStringConvertible {
    let description: String

    init(_ kind: String) {
        description = "“\(kind)” has a form or an answer that this version does not know"
    }
}

extension RPCError {
    /// The other service's rules refused, and will refuse a repeat as well.
    fileprivate var isDefiniteNo: Bool {
        verdict == .never
            && [.invalidArgument, .notFound, .alreadyExists, .failedPrecondition].contains(code)
    }
}
