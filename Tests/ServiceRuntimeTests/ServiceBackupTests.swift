import Attachments
import Domain
import Foundation
import RPC
import Storage
import Synchronization
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("Backups of a service", .timeLimit(.minutes(5)))
struct ServiceBackupTests {
    private static let migrations = [
        Migration(
            number: 1, name: "papers",
            statements: [
                "CREATE TABLE papers (id INTEGER NOT NULL PRIMARY KEY, sha256 BLOB NOT NULL) STRICT",
                "CREATE INDEX papers_sha256 ON papers (sha256)",
            ])
    ]
    private static let definition = ServiceDefinition(
        name: "paper-service", migrations: migrations,
        files: { try $0.hashes(in: "papers", "sha256", $1) }
    ) { _ in
        ServiceAssembly { _, _ throws(RPCError) in
            throw RPCError(code: .unauthenticated, message: "nobody")
        }
    }

    private struct Done: StorableReply {
        init() {}
        init(storedBytes: [UInt8]) {}
        func storedBytes() -> [UInt8] { [] }
    }

    private struct AddPaper: Command {
        let id: Int64
        let hash: [UInt8]

        func read(_ rows: any RowReader) throws {}

        func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<Done> {
            Plan(
                writes: [
                    Statement(
                        "INSERT INTO papers (id, sha256) VALUES (?, ?)",
                        [.integer(id), .blob(hash)])
                ],
                audit: [AuditEntry(actor: "a", action: "add", object: "paper:\(id)")],
                reply: Done())
        }
    }

    private let test: TestEnvironment
    private let folder: Folder

    /// Goes away with the test.
    private final class Folder: Sendable {
        private let folder: TemporaryFolder
        var path: String { folder.path }

        init() throws { folder = try TemporaryFolder() }
        deinit { folder.remove() }
    }

    /// What the writers under load have done.
    private final class Progress: Sendable {
        private let state = Mutex<(acknowledged: Set<Int64>, isOver: Bool)>(([], false))

        var acknowledged: Set<Int64> { state.withLock { $0.acknowledged } }
        var isOver: Bool { state.withLock { $0.isOver } }
        func acknowledge(_ id: Int64) { state.withLock { _ = $0.acknowledged.insert(id) } }
        func end() { state.withLock { $0.isOver = true } }
    }

    init() throws {
        folder = try Folder()
        test = try TestEnvironment(
            name: "paper-service", migrations: Self.migrations,
            clockStart: "2022-04-19T09:00+08:00")
    }

    private var live: StoredData {
        StoredData(database: test.databasePath, attachments: test.attachmentsPath)
    }

    private func data(_ name: String) -> StoredData {
        StoredData(database: "\(folder.path)/\(name)/paper.db")
    }

    private func backup(
        _ progress: @escaping @Sendable (String) -> Void = { _ in }
    ) -> ServiceBackup {
        ServiceBackup(definition: Self.definition, progress: progress)
    }

    private func store(_ number: Int64) throws -> [UInt8] {
        try test.environment.attachments.store(
            Array("%PDF-1.7 \(number)".utf8), fileName: "a.pdf", allowing: [.pdf]
        ).sha256
    }

    private func file(_ hash: [UInt8], of data: StoredData) -> String {
        let name = Hexadecimal.text(hash)
        return "\(data.attachments)/\(name.prefix(2))/\(name)"
    }

    private func add(_ id: Int64) async throws {
        let hash = try store(id)
        _ = try await test.environment.database.execute(AddPaper(id: id, hash: hash))
    }

    private func papers(_ data: StoredData) throws -> [Int64] {
        let database = try Database.open(
            DatabaseConfiguration(
                path: data.database, owner: "paper-service", clock: SystemWallClock()),
            migrations: Self.migrations)
        defer { database.close() }
        return try database.read { rows in
            try rows.rows(Statement("SELECT id FROM papers ORDER BY id"), limit: 100_000)
                .map { try $0.integer("id") }
        }
    }

    @Test(
        "Taken while writes go on it has every row that was acknowledged before, and each row's file"
    )
    func underLoad() async throws {
        let progress = Progress()
        let before = try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 as Range<Int64> {
                group.addTask {
                    for number in 0..<5_000 as Range<Int64> where !progress.isOver {
                        let id = writer * 10_000 + number
                        try await add(id)
                        progress.acknowledge(id)
                    }
                }
            }
            while progress.acknowledged.count < 100 { await Task.yield() }
            let before = progress.acknowledged
            _ = try await backup().make(of: live, at: data("backup"))
            progress.end()
            try await group.waitForAll()
            return before
        }
        let (summary, faults) = try await backup().verify(data("backup"))
        #expect(faults == [])
        #expect(summary.files >= before.count)
        let restored = try await backup().restore(data("backup"), to: data("restored"))
        #expect(restored.report.auditHead == summary.report.auditHead)
        let papers = try papers(data("restored"))
        #expect(before.isSubset(of: papers))
        #expect(progress.acknowledged.isSuperset(of: papers))
        #expect(try await backup().verify(data("restored")).faults == [])
        #expect(try await backup().verify(data("backup")).faults == [])
    }

    @Test(
        "A file that comes or goes beside the copying of the database is there if a row of it refers to it"
    )
    func filesThatMove() async throws {
        try await add(1)
        try await add(2)
        // Its row is there before its file is.
        try await add(3)
        let late = Array("%PDF-1.7 3".utf8)
        try FileManager.default.removeItem(atPath: file(try store(3), of: live))
        let gone = file(try store(1), of: live)
        let attachments = test.environment.attachments
        _ = try await backup { step in
            switch step {
            case "copying the database":
                _ = try? attachments.store(late, fileName: "a.pdf", allowing: [.pdf])
            case "copying the files that came meanwhile":
                // A sweep, after a row went.
                try? FileManager.default.removeItem(atPath: gone)
            default: break
            }
        }.make(of: live, at: data("backup"))
        #expect(try await backup().verify(data("backup")).faults == [])
        #expect(try await backup().verify(live).faults.count == 1)
    }

    @Test("A missing and a damaged file are told, and a backup of another service is none")
    func unsound() async throws {
        for id in 1...3 as ClosedRange<Int64> { try await add(id) }
        _ = try await backup().make(of: live, at: data("backup"))
        // A name of its own, as the old one's file is also the service's.
        for id in 1...2 as ClosedRange<Int64> {
            try FileManager.default.removeItem(atPath: file(try store(id), of: data("backup")))
        }
        try Data("%PDF-1.7 x".utf8).write(
            to: URL(fileURLWithPath: file(try store(2), of: data("backup"))))
        let (summary, faults) = try await backup().verify(data("backup"))
        #expect(summary.files == 1 && faults.count == 2)
        let other = ServiceBackup(
            definition: ServiceDefinition(
                name: "other-service", migrations: [], assemble: Self.definition.assemble)
        ) { _ in }
        let foreign = await #expect(throws: StorageError.self) {
            try await other.verify(data("backup"))
        }
        #expect(foreign?.code == .foreign)
        await #expect(throws: StorageError.self) {
            try await other.make(of: live, at: data("foreign"))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/foreign"))
    }

    @Test("Nothing is replaced, and what fails leaves nothing behind")
    func refusals() async throws {
        try await add(1)
        _ = try await backup().make(of: live, at: data("backup"))
        await #expect(throws: ConfigurationError.self) {
            try await backup().make(of: live, at: data("backup"))
        }
        await #expect(throws: ConfigurationError.self) {
            try await backup().restore(data("backup"), to: live)
        }
        _ = try await backup().restore(data("backup"), to: data("restored"))
        try FileManager.default.removeItem(atPath: data("restored").database)
        // Files alone are in the way, too.
        await #expect(throws: ConfigurationError.self) {
            try await backup().restore(data("backup"), to: data("restored"))
        }
        try Data("no database".utf8).write(to: URL(fileURLWithPath: data("backup").database))
        await #expect(throws: StorageError.self) {
            try await backup().restore(data("backup"), to: data("again"))
        }
        #expect(!FileManager.default.fileExists(atPath: data("again").attachments))
    }

    @Test(
        "Of restores at once into one folder one puts everything there, the others take nothing away"
    )
    func restoresAtOnce() async throws {
        for id in 1...5 as ClosedRange<Int64> { try await add(id) }
        let summary = try await backup().make(of: live, at: data("backup"))
        for round in 1...3 {
            let target = data("restored\(round)")
            let done = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        (try? await backup().restore(data("backup"), to: target)) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(done == 1)
            let (restored, faults) = try await backup().verify(target)
            #expect(faults == [])
            #expect(restored.files == summary.files)
        }
    }

    @Test("A development clock goes on where it was")
    func clock() async throws {
        let file = DevelopmentClockFile(path: live.clock)
        let clock = try DevelopmentClock(startingAt: "2022-04-19T09:00+08:00")
        clock.advance(by: .seconds(86_400 * 30))
        try file.keep(clock)
        _ = try await backup().make(of: live, at: data("backup"))
        _ = try await backup().restore(data("backup"), to: data("restored"))
        let again = try DevelopmentClock(startingAt: "2022-04-19T09:00+08:00")
        try DevelopmentClockFile(path: data("restored").clock).resume(again)
        #expect(again.now().milliseconds >= clock.now().milliseconds - 1_000)
    }
}
