import Domain
import Messages
import ServiceRuntime
import Storage

extension Archive.PinVersionsReply: StorableReply {}
extension Archive.UnpinVersionsReply: StorableReply {}

/// A declaration's round refers to these versions (decision 13): all of them are pinned, or none.
///
/// The sender repeats until it is answered, so what cannot be pinned is an answer, not an error.
struct PinVersions: Command {
    /// The most versions of a round.
    static let mostVersions = 500

    let request: Archive.PinVersionsRequest

    struct Facts: Sendable {
        let round: StoredPins?
        /// The versions of the items that are approved now.
        let approved: [String: Int64]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        guard request.versions.count <= Self.mostVersions else {
            return Facts(round: nil, approved: [:])
        }
        var approved: [String: Int64] = [:]
        for version in request.versions {
            approved[version.itemID] = try PinStore.approvedVersion(version.itemID, rows)
        }
        return Facts(round: try PinStore.round(request.key, rows), approved: approved)
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Archive.PinVersionsReply> {
        let wanted = try checked()
        if let round = facts.round {
            let isSame = !round.isReleased && round.versions == wanted
            return Plan(reply: Archive.PinVersionsReply(pinned: isSame))
        }
        let refused = wanted.filter { facts.approved[$0.key] != $0.value }.map(\.key).sorted()
        guard refused.isEmpty else {
            return Plan(reply: Archive.PinVersionsReply(pinned: false, refused: refused))
        }
        return Plan(
            writes: PinStore.pin(request.key, request.versions), messages: [],
            audit: [request.key.audit("archive.pin", after: "pinned \(wanted.count)")],
            reply: Archive.PinVersionsReply(pinned: true))
    }

    /// Versions by item.
    private func checked() throws(Refusal) -> [String: Int64] {
        guard request.key.isValid, request.versions.count <= Self.mostVersions else {
            throw Refusal(
                code: 3,
                message: "a pin needs a declaration, a round from 1 and at most"
                    + " \(Self.mostVersions) versions, not \(request.versions.count)")
        }
        var wanted: [String: Int64] = [:]
        for version in request.versions {
            guard wanted.updateValue(version.version, forKey: version.itemID) == nil else {
                throw Refusal(code: 3, message: "an item is pinned twice in one round")
            }
        }
        return wanted
    }
}

/// The round ended: its versions are free. Of an unknown round it leaves a tombstone, so that a late pin is refused.
struct UnpinVersions: Command {
    let request: Archive.UnpinVersionsRequest

    func read(_ rows: any RowReader) throws -> StoredPins? {
        try PinStore.round(request.key, rows)
    }

    func decide(
        _ round: StoredPins?, at now: Timestamp
    ) throws(Refusal) -> Plan<Archive.UnpinVersionsReply> {
        let key = request.key
        guard key.isValid else {
            throw Refusal(code: 3, message: "a release needs a declaration and a round from 1")
        }
        let writes: [Statement]
        switch round {
        case nil: writes = [PinStore.tombstone(key)]
        case let round? where !round.isReleased: writes = PinStore.release(key)
        default: return Plan(reply: Archive.UnpinVersionsReply())
        }
        return Plan(
            writes: writes, messages: [],
            audit: [key.audit("archive.unpin", after: round == nil ? "tombstone" : "released")],
            reply: Archive.UnpinVersionsReply())
    }
}

extension Archive.PinVersionsRequest {
    fileprivate var key: PinKey { PinKey(declarationID: declarationID, round: round) }
}

extension Archive.UnpinVersionsRequest {
    fileprivate var key: PinKey { PinKey(declarationID: declarationID, round: round) }
}

extension PinKey {
    fileprivate var isValid: Bool {
        (1...64).contains(declarationID.utf8.count) && round >= 1
    }

    fileprivate func audit(_ action: String, after: String) -> AuditEntry {
        AuditEntry(
            actor: "service:declaration-service", action: action,
            object: "declaration:\(declarationID)", before: [],
            after: [("round", "\(round)"), ("state", after)])
    }
}
