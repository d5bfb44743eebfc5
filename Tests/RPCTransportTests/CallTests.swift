import MessageCoding
import Messages
import RPC
import Testing

@testable import RPCTransport

@Suite("Calls over loopback", .timeLimit(.minutes(1)))
struct CallTests {
    @Test("The message comes back")
    func echoes() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                let reply = try await channel.call(echo, "七夕")
                #expect(reply.title == "七夕")
                let empty = try await channel.call(echo)
                #expect(empty.title.isEmpty)
            }
        }
    }

    @Test("A thousand calls at once all get their own answer")
    func manyAtOnce() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1000 {
                        group.addTask {
                            let reply = try await channel.call(echo, "\(number)")
                            #expect(reply.title == "\(number)")
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("Four megabytes travel; more is refused before it is sent")
    func largeMessages() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                let text = String(repeating: "x", count: 4_194_000)
                let reply = try await channel.call(echo, text)
                #expect(reply.title == text)
                let error = await #expect(throws: RPCError.self) {
                    try await channel.call(echo, text + text)
                }
                #expect(error?.code == .resourceExhausted)
                #expect(error?.verdict == .never)
                let next = try await channel.call(echo, "still")
                #expect(next.title == "still")
            }
        }
    }
}
