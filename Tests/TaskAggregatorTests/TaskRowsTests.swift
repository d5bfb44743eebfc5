import MessageCoding
import Messages
import ServiceRuntime
import Testing

@testable import TaskAggregator

@Suite struct TaskRowsTests {
    private let reply = Tasks.ListTasksReply(
        tasks: [
            Tasks.Task(
                id: "archive:a:1", source: "archive", kind: "archive_item", title: "论文 甲",
                sortMs: 1_650_330_166_034, version: 2, outcome: .returned),
            Tasks.Task(id: "archive:b:12", sortMs: -5),
        ], nextCursor: PageCursor(sort: -5, id: "archive:b:12").bytes,
        unavailable: [Tasks.SourceState(source: "identity", message: "暂时无法使用")])

    @Test func aReplyReadAndWrittenIsTheSame() throws {
        let bytes = try reply.encodedBytes()
        let rows = try TaskRows(decoding: bytes)
        #expect(rows.tasks.map(\.place) == reply.tasks.map(\.place))
        #expect(try rows.tasks == reply.tasks.map { try TaskRow($0) })
        #expect(rows.nextCursor == reply.nextCursor)
        #expect(rows.unavailable == reply.unavailable)
        #expect(try rows.encodedBytes() == bytes)
        #expect(try TaskRows().encodedBytes() == [])
        #expect(try TaskRows(decoding: [UInt8]()) == TaskRows())
    }

    @Test func fieldsThatAreSetAreAddedToTheRow() throws {
        var rows = try TaskRows(decoding: reply.encodedBytes())
        rows.tasks[0].set(try Tasks.Task(dueDay: "2022-05-05", overdue: true).encodedBytes())
        var expected = reply
        expected.tasks[0].dueDay = "2022-05-05"
        expected.tasks[0].overdue = true
        #expect(try Tasks.ListTasksReply(decoding: rows.encodedBytes()) == expected)
        #expect(try TaskRow(reply.tasks[0]) != rows.tasks[0])
    }

    @Test func fieldsOfALaterVersionArePassedOn() throws {
        // Field 99 of the row, a text, and field 98 of the reply, a number.
        let row = try reply.tasks[0].encodedBytes() + [0x9A, 0x06, 1, 0x78]
        let bytes = [0x0A, UInt8(row.count)] + row + [0x90, 0x06, 7]
        let rows = try TaskRows(decoding: bytes)
        #expect(rows.tasks.first?.body == row)
        #expect(rows.tasks.first?.place == reply.tasks[0].place)
    }

    @Test func bytesThatAreNoReplyAreRefused() throws {
        let bytes = try reply.encodedBytes()
        #expect(throws: MessageFault.self) { try TaskRows(decoding: Array(bytes.dropLast())) }
        let bad: [(String, [UInt8])] = [
            ("a row that ends within a field", [0x0A, 2, 0x0A, 5]),
            ("rows that are numbers", [0x08, 1]),
            ("an id that is no UTF-8", [0x0A, 3, 0x0A, 1, 0xFF]),
            ("a place that is a text", [0x0A, 3, 0x4A, 1, 0x31]),
            ("a state that is no message", [0x1A, 1, 0x0A]),
        ]
        for (what, bytes) in bad {
            #expect(throws: MessageFault.self, "\(what)") { try TaskRows(decoding: bytes) }
        }
        let long = try Tasks.ListTasksReply(
            tasks: [Tasks.Task(id: String(repeating: "a", count: 201))]
        ).encodedBytes()
        #expect(throws: MessageFault.self) { try TaskRows(decoding: long) }
    }
}
