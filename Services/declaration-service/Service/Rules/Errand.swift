import Domain
import MessageCoding
import Messages
import Storage

/// What another service is asked to do by the outbox, in a lane per declaration. The raw values are stored.
enum Errand: String, Sendable {
    case reserve, confirm, release, consume
    case pin, unpin

    static let quota = "quota-service"
    static let archive = "archive-service"

    private var destination: String {
        switch self {
        case .reserve, .confirm, .release, .consume: Self.quota
        case .pin, .unpin: Self.archive
        }
    }

    /// - Parameter id: 32 hexadecimal digits; their 16 bytes are the receiver's idempotency key.
    private func message(
        _ id: String, declaration: String, _ request: some Message
    ) -> OutboxMessage {
        OutboxMessage(
            lane: declaration, destination: destination, kind: rawValue,
            id: hexadecimalBytes(id),
            // A request that cannot be packed (longer than 2 GiB) cannot occur here.
            payload: (try? request.encodedBytes()) ?? [])
    }

    // MARK: the six of them

    /// The decision's id is the reservation's and the message's (design/reliability.md, T1).
    static func reserve(
        _ decision: String, for declaration: StoredDeclaration, level: Common.QuotaLevel
    ) -> OutboxMessage {
        Errand.reserve.message(
            decision, declaration: declaration.id,
            Quota.ReserveRequest(
                reservationID: decision, declarationID: declaration.id,
                round: declaration.round, unitID: declaration.unit.id,
                year: declaration.plan.year, level: level))
    }

    static func confirm(
        _ reservation: StoredDeclaration.Reservation, of declaration: String, id: String
    ) -> OutboxMessage {
        Errand.confirm.message(
            id, declaration: declaration,
            Quota.ConfirmRequest(
                reservationID: reservation.id, declarationID: declaration,
                round: reservation.round))
    }

    static func release(
        _ reservation: StoredDeclaration.Reservation, of declaration: String, id: String
    ) -> OutboxMessage {
        Errand.release.message(
            id, declaration: declaration,
            Quota.ReleaseRequest(
                reservationID: reservation.id, declarationID: declaration,
                round: reservation.round))
    }

    static func consume(
        _ reservation: StoredDeclaration.Reservation, of declaration: String, id: String
    ) -> OutboxMessage {
        Errand.consume.message(
            id, declaration: declaration,
            Quota.ConsumeRequest(
                reservationID: reservation.id, declarationID: declaration,
                round: reservation.round))
    }

    /// The submission's id is the message's.
    static func pin(
        _ items: [FrozenItem], of declaration: String, round: Int64, step: String
    ) -> OutboxMessage {
        Errand.pin.message(
            step, declaration: declaration,
            Archive.PinVersionsRequest(
                declarationID: declaration, round: round,
                versions: items.map { Archive.PinnedVersion(itemID: $0.id, version: $0.version) }))
    }

    static func unpin(_ declaration: String, round: Int64, id: String) -> OutboxMessage {
        Errand.unpin.message(
            id, declaration: declaration,
            Archive.UnpinVersionsRequest(declarationID: declaration, round: round))
    }
}

/// The bytes of an object id.
func hexadecimalBytes(_ id: String) -> [UInt8] {
    guard let bytes = Hexadecimal.bytes(id), bytes.count == 16 else {
        preconditionFailure("an object id is 32 digits")
    }
    return bytes
}
