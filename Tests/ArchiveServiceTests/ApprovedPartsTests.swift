import MessageCoding
import Messages
import Testing

@testable import ArchiveService

/// ReadApproved answers with what fits into a frame, and names the rest.
struct ApprovedPartsTests {
    @Test func whatDoesNotFitIsNamed() throws {
        let items = (1...4).map {
            Archive.Item(
                id: "item-\($0)", mainName: String(repeating: "长", count: $0 == 2 ? 50 : 5))
        }
        let small = try items[0].encodedBytes().count + 8
        func ids(room: Int) throws -> ([String], [String]) {
            let reply = try Archive.ReadApprovedReply(items, missing: ["x"], room: room)
            #expect(reply.missing == ["x"])
            return (reply.items.map(\.id), reply.rest)
        }
        #expect(try ids(room: 10_000) == (items.map(\.id), []))
        #expect(try ids(room: small) == (["item-1"], ["item-2", "item-3", "item-4"]))
        #expect(
            try ids(room: 2 * small) == (["item-1"], ["item-2", "item-3", "item-4"]),
            "nothing is taken out of its turn")
        #expect(try ids(room: 0) == (["item-1"], ["item-2", "item-3", "item-4"]), "one at least")
    }
}
