import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// The archive's side of decision 13.
@Suite struct PinTests {
    private let person = User.applicant()

    private func pin(
        _ harness: Harness, _ items: [Archive.Item], round: Int64 = 1,
        key: IdempotencyKey = .random()
    ) async throws -> Archive.PinVersionsReply {
        var options = CallOptions()
        options.idempotencyKey = key
        return try await harness.declarations.pinVersions(
            Archive.PinVersionsRequest(
                declarationID: "declaration-1", round: round,
                versions: items.map {
                    Archive.PinnedVersion(itemID: $0.id, version: $0.version)
                }), options: options)
    }

    private func unpin(_ harness: Harness, round: Int64 = 1) async throws {
        _ = try await harness.declarations.unpinVersions(
            Archive.UnpinVersionsRequest(declarationID: "declaration-1", round: round))
    }

    @Test func approvedItemsAreReadAndPinned() async throws {
        let harness = try Harness()
        let first = try await harness.item(.approved, of: person)
        let second = try await harness.item(.approved, of: person)
        let returned = try await harness.item(.returned, of: person)
        let other = try await harness.item(.approved, of: .applicant(2))
        let all = try await harness.declarations.readApproved(
            Archive.ReadApprovedRequest(personID: person.personID))
        #expect(all.items.map(\.id) == [first.id, second.id] && all.missing.isEmpty)
        #expect(all.items.map(\.version) == [3, 3] && all.items[0].values == first.values)
        let asked = try await harness.declarations.readApproved(
            Archive.ReadApprovedRequest(
                personID: person.personID, itemIDs: [second.id, returned.id, other.id, "none"]))
        #expect(asked.items.map(\.id) == [second.id])
        #expect(asked.missing == [returned.id, other.id, "none"])
        #expect(try await pin(harness, [first, second]).pinned)
        #expect(try harness.number("SELECT count(*) FROM pins") == 2)
        let tooMany = try await refusal {
            try await harness.declarations.readApproved(
                Archive.ReadApprovedRequest(
                    personID: person.personID, itemIDs: (0...500).map { "\($0)" }))
        }
        #expect(tooMany.code == .invalidArgument)
    }

    @Test func allOrNothing() async throws {
        let harness = try Harness()
        let approved = try await harness.item(.approved, of: person)
        let reviewing = try await harness.item(.reviewing, of: person)
        var old = approved
        old.version = 2
        let reply = try await pin(harness, [approved, reviewing])
        #expect(!reply.pinned && reply.refused == [reviewing.id])
        #expect(try await pin(harness, [old]).refused == [approved.id])
        #expect(try harness.number("SELECT count(*) FROM pins") == 0)
        #expect(try await pin(harness, [approved]).pinned)
    }

    @Test func messagesMayComeTwiceAndLate() async throws {
        let harness = try Harness()
        let item = try await harness.item(.approved, of: person)
        let key = IdempotencyKey.random()
        #expect(try await pin(harness, [item], key: key).pinned)
        #expect(try await pin(harness, [item], key: key).pinned)
        #expect(try await pin(harness, [item]).pinned, "another message of the same round")
        #expect(try harness.number("SELECT count(*) FROM pins") == 1)
        #expect(try await pin(harness, []).pinned == false, "the round pins something else")
        try await unpin(harness)
        try await unpin(harness)
        #expect(try harness.number("SELECT count(*) FROM pins") == 0)
        #expect(try await pin(harness, [item]).pinned == false, "the round was released")
        // The release overtakes its pin: the tombstone refuses it.
        try await unpin(harness, round: 2)
        #expect(try await pin(harness, [item], round: 2).pinned == false)
        #expect(try harness.number("SELECT count(*) FROM pins") == 0)
        #expect(try await pin(harness, [item], round: 3).pinned)
        #expect(
            try harness.number("SELECT count(*) FROM audit WHERE action LIKE 'archive.%pin'") == 4)
    }

    @Test func onlyTheDeclarationServicePins() async throws {
        let harness = try Harness()
        for channel in [harness.channel(.school), harness.channel(nil, as: "quota-service")] {
            let client = Archive.ArchiveClient(channel)
            let pinned = try await refusal {
                try await client.pinVersions(Archive.PinVersionsRequest())
            }
            let released = try await refusal {
                try await client.unpinVersions(Archive.UnpinVersionsRequest())
            }
            let read = try await refusal {
                try await client.readApproved(Archive.ReadApprovedRequest())
            }
            #expect(Set([pinned.code, released.code, read.code]) == [.permissionDenied])
        }
        let malformed = try await refusal {
            try await harness.declarations.pinVersions(Archive.PinVersionsRequest())
        }
        #expect(malformed.code == .invalidArgument)
    }
}
