import Dispatch
import Domain
import Testing

@testable import Storage

@Suite("Reads")
struct ReaderTests {
    private let endless = Statement(
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")

    @Test("A read that takes too long is ended, and its reader serves again")
    func timeLimit() async throws {
        try await withDatabase({
            $0.readLimitMilliseconds = 20
            $0.readerLimit = 1
        }) { database in
            _ = try await database.execute(Act.adding(1))
            for _ in 0..<3 {
                let error = #expect(throws: StorageError.self) {
                    try database.read { try $0.row(endless) }
                }
                #expect(error?.code == .notApplied(.interrupted))
                #expect(try database.items() == [1])
            }
        }
    }

    @Test("Many short statements are one read too")
    func timeLimitOverStatements() async throws {
        try await withDatabase({ $0.readLimitMilliseconds = 20 }) { database in
            let error = #expect(throws: StorageError.self) {
                try database.read { rows in
                    while true { _ = try rows.row(Statement("SELECT 1")) }
                }
            }
            #expect(error?.code == .notApplied(.interrupted))
        }
    }

    @Test("A read stays in its snapshot while commands commit")
    func snapshot() async throws {
        try await withDatabase { database in
            _ = try await database.execute(Act.adding(1))
            let (reading, written) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let count = Statement("SELECT count(*) AS n FROM item")
            async let counts = onThread {
                try database.read { rows in
                    let before = try rows.row(count)?.integer("n")
                    reading.signal()
                    written.wait()
                    return [before, try rows.row(count)?.integer("n")]
                }
            }
            try await onThread { reading.wait() }
            _ = try await database.execute(Act.adding(2))
            #expect(try database.items() == [1, 2])
            written.signal()
            #expect(try await counts == [1, 1])
        }
    }

    @Test("What the body throws arrives, and the reader serves again")
    func bodyThrows() async throws {
        struct Odd: Error {}
        try await withDatabase({ $0.readerLimit = 1 }) { database in
            for _ in 0..<3 {
                #expect(throws: Odd.self) { try database.read { _ in throw Odd() } }
            }
            let items = try database.items()
            #expect(items == [])
        }
    }

    @Test("More reads at once than readers wait for a place")
    func places() async throws {
        try await withDatabase({ $0.readerLimit = 2 }) { database in
            _ = try await database.execute(Act.adding(1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let items = try database.items()
                        #expect(items == [1])
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("Readers go on while the log is copied and begins anew")
    func checkpoints() async throws {
        try await withDatabase { database in
            let value = String(repeating: "x", count: 40_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 as Range<Int64> {
                    group.addTask {
                        for number in 0..<40 as Range<Int64> {
                            let id = writer * 40 + number
                            _ = try await database.execute(Act.adding(id, value: value))
                        }
                    }
                }
                group.addTask {
                    var last = 0
                    while last < 320 {
                        let count = try database.items().count
                        #expect(count >= last)
                        last = count
                        await Task.yield()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.verify().faults == [])
        }
    }

    @Test("Rows lent to a read are not used after it")
    func lentRows() async {
        await #expect(processExitsWith: .failure) {
            try await withDatabase { database in
                let kept = try database.read { $0 }
                _ = try kept.row(Statement("SELECT 1"))
            }
        }
    }
}
