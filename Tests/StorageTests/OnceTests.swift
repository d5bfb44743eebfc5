import Domain
import Testing

@testable import Storage

@Suite("Commands that happen once")
struct OnceTests {
    private func request(
        _ key: UInt8, hash: UInt8 = 1, principal: String = "person:1", method: String = "m",
        keepForever: Bool = false
    ) -> Once {
        .request(
            principal: principal, method: method, key: [key], hash: [hash],
            keepForever: keepForever)
    }

    @Test("A repeat gets the kept reply and has no second effect, also after reopening")
    func replay() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            do {
                let database = try Database.open(configuration, migrations: testMigrations)
                defer { database.close() }
                #expect(try await database.execute(Act.adding(1), once: request(1)) == "1")
                #expect(try await database.execute(Act.adding(2), once: request(1)) == "1")
                #expect(try database.items() == [1])
            }
            let database = try Database.open(configuration, migrations: testMigrations)
            defer { database.close() }
            #expect(try await database.execute(Act.adding(3), once: request(1)) == "1")
            #expect(try database.items() == [1])
        }
    }

    @Test("A message that met somebody busy is asked again; a final no is kept")
    func messageAgain() async throws {
        try await withDatabase { database throws in
            func refusal(_ act: Act, _ once: Once) async throws -> Refusal? {
                do {
                    _ = try await database.execute(act, once: once)
                    return nil
                } catch let refusal as Refusal {
                    return refusal
                }
            }
            let (busy, final) = (
                Refusal(code: 10, message: "busy"), Refusal(code: 9, message: "no")
            )
            let message = Once.message(source: "s", id: [1], hash: [1])
            for _ in 1...2 {
                #expect(try await refusal(Act.refusing(busy), message) == busy)
            }
            #expect(try await database.execute(Act.adding(1), once: message) == "1")
            #expect(try await database.execute(Act.adding(2), once: message) == "1")
            let other = Once.message(source: "s", id: [2], hash: [1])
            for act in [Act.refusing(final), Act.adding(3)] {
                #expect(try await refusal(act, other) == final)
            }
            // A request's answer is an answer, this one too.
            for act in [Act.refusing(busy), Act.adding(4)] {
                #expect(try await refusal(act, request(1)) == busy)
            }
            #expect(try database.items() == [1])
        }
    }

    @Test("The key belongs to the principal and the method")
    func scope() async throws {
        try await withDatabase { database in
            _ = try await database.execute(Act.adding(1), once: request(1))
            _ = try await database.execute(Act.adding(2), once: request(1, principal: "person:2"))
            _ = try await database.execute(Act.adding(3), once: request(1, method: "n"))
            _ = try await database.execute(
                Act.adding(4), once: .message(source: "person:1", id: [1], hash: [1]))
            #expect(try database.items() == [1, 2, 3, 4])
        }
    }

    @Test("The same key with another body is refused, always, and changes nothing")
    func otherBody() async throws {
        try await withDatabase { database in
            for once in [request(1), .message(source: "s", id: [1], hash: [1])] {
                _ = try await database.execute(Act.writing(reply: "first"), once: once)
                let other: Once =
                    switch once {
                    case .request: request(1, hash: 2)
                    case .message: .message(source: "s", id: [1], hash: [2])
                    }
                for _ in 0..<3 {
                    let refusal = await #expect(throws: Refusal.self) {
                        try await database.execute(Act.adding(2), once: other)
                    }
                    #expect(refusal?.code == 9)
                }
                #expect(try await database.execute(Act.adding(3), once: once) == "first")
            }
            #expect(try database.items() == [])
        }
    }

    @Test("A refusal is kept as a reply is")
    func keptRefusal() async throws {
        let refusal = Refusal(
            code: 9, message: "没有空缺", details: [RefusalDetail(type: "t", value: [0, 1])])
        try await withDatabase { database throws in
            for _ in 0..<2 {
                let error = await #expect(throws: Refusal.self) {
                    try await database.execute(Act.refusing(refusal), once: request(1))
                }
                #expect(error == refusal)
            }
            // What would go through now still gets the first answer.
            let error = await #expect(throws: Refusal.self) {
                try await database.execute(Act.adding(1), once: request(1))
            }
            #expect(error == refusal)
            #expect(try database.items() == [])
            #expect(try database.count("idempotency") == 1)
        }
    }

    @Test("A conflict undoes the writes and is kept")
    func keptConflict() async throws {
        try await withDatabase { database throws in
            let conflict = Act.writing(
                insert(1), Statement("DELETE FROM item WHERE id = 9", expectedChanges: 1))
            for _ in 0..<2 {
                let error = await #expect(throws: Refusal.self) {
                    try await database.execute(conflict, once: request(1))
                }
                #expect(error?.code == 10)
            }
            #expect(try database.items() == [])
        }
    }

    @Test("A fault of the command is not kept")
    func faultIsNotKept() async throws {
        try await withDatabase { database throws in
            await #expect(throws: StorageError.self) {
                try await database.execute(Act.adding(1, value: "forbidden"), once: request(1))
            }
            #expect(try await database.execute(Act.adding(2), once: request(1)) == "2")
        }
    }

    @Test("Repeats in one group: the first one's answer for all")
    func sameGroup() async throws {
        try await withDatabase { database in
            let gate = Gate()
            let replies = try await withThrowingTaskGroup(of: Text?.self) { group in
                group.addTask {
                    _ = try await database.execute(gate.command)
                    return nil
                }
                await gate.isReached()
                for id in 1...20 as ClosedRange<Int64> {
                    group.addTask {
                        try await database.execute(
                            Act.adding(id),
                            once: .request(
                                principal: "p", method: "m", key: [1], hash: [1],
                                keepForever: true))
                    }
                }
                await database.waits(for: 20)
                gate.open()
                return try await group.reduce(into: Set<Text>()) { replies, reply in
                    if let reply { replies.insert(reply) }
                }
            }
            #expect(replies.count == 1)
            #expect(try database.items().map { Text("\($0)") } == Array(replies))
        }
    }

    @Test("A key without bytes, or a part that is too long, is refused")
    func bounds() async throws {
        let long = [UInt8](repeating: 0, count: PlanLimits.keyBytes + 1)
        let name = String(repeating: "n", count: PlanLimits.nameBytes + 1)
        let wrong: [Once] = [
            .message(source: "s", id: [], hash: [1]), .message(source: "s", id: [1], hash: []),
            .message(source: "s", id: long, hash: [1]), .message(source: name, id: [1], hash: [1]),
            request(1, principal: name), request(1, method: name),
        ]
        try await withDatabase { database throws in
            for once in wrong {
                let error = await #expect(throws: StorageError.self) {
                    try await database.execute(Act.adding(1), once: once)
                }
                #expect(error?.code == .argument)
            }
            #expect(try database.items() == [])
        }
    }

    @Test("Keys live for 7 days; those of decisions and messages for ever")
    func expiry() async throws {
        let clock = CountingClock()
        try await withDatabase({ $0.clock = clock }) { database in
            // More than go at once.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in 0..<700 {
                    group.addTask {
                        _ = try await database.execute(
                            Act.writing(),
                            once: .request(
                                principal: "p", method: "m",
                                key: [UInt8(key >> 8), UInt8(key & 255)], hash: [1],
                                keepForever: false))
                    }
                }
                try await group.waitForAll()
            }
            _ = try await database.execute(
                Act.writing(reply: "for ever"), once: request(1, keepForever: true))
            _ = try await database.execute(
                Act.writing(reply: "message"), once: .message(source: "s", id: [1], hash: [1]))

            clock.advance(days: 6)
            _ = try await database.execute(Act.writing(), once: request(2))
            #expect(try database.count("idempotency") == 702)
            clock.advance(days: 2)
            _ = try await database.execute(Act.writing())
            _ = try await database.execute(Act.writing())
            #expect(try database.count("idempotency") == 2)

            #expect(
                try await database.execute(Act.adding(1), once: request(1, keepForever: true))
                    == "for ever")
            #expect(
                try await database.execute(
                    Act.adding(1), once: .message(source: "s", id: [1], hash: [1])) == "message")
            #expect(try await database.execute(Act.adding(1), once: request(2)) == "done")
            #expect(try database.items() == [])
        }
    }
}
