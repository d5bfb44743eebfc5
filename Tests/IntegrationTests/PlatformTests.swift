import Foundation
import TestSupport
import Testing
import ZhichengClient

/// One platform with demonstration data; the tests go over it one after the other.
@Suite("A running platform", .timeLimit(.minutes(10)))
struct PlatformTests {
    @Test("Peers, the command line, hostile bytes, and kill -9")
    func platform() async throws {
        try await RunningPlatform.with { platform in
            try await eachServiceHasItsDatabase(platform)
            try await anotherLanguage(platform)
            try await commandLine(platform)
            try await anOfficerFinishesADeclaration(platform)
            try await hostileBytes(platform)
            try await whatWasAnsweredSurvives(platform)
            try await aMergedUnitGoesOn(platform)
            try await aDeadSourceIsNamed(platform)
            try await aKilledServicesTimeGoesOn(platform)
        }
    }

    private func eachServiceHasItsDatabase(_ platform: RunningPlatform) async throws {
        for name in ["identity", "archive", "declaration", "quota", "tasks"] {
            let handle = try FileHandle(
                forReadingFrom: URL(fileURLWithPath: platform.database(name)))
            #expect(try handle.read(upToCount: 15) == Data("SQLite format 3".utf8))
        }
        for service in ServiceName.allCases {
            #expect(try platform.processes(of: service).count == 1)
        }
    }

    /// `list_tasks.py` knows nothing but PROTOCOL.md and what protoc makes of proto/.
    private func anotherLanguage(_ platform: RunningPlatform) async throws {
        guard let python = ProcessInfo.processInfo.environment["ZHICHENG_PYTHON"] else {
            // Scripts/test sets it, after it has installed PyPI's protobuf.
            return
        }
        let folder = platform.folder.path + "/python"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let proto = Products.root.appendingPathComponent("proto").path
        let generated = try await run(
            URL(fileURLWithPath: "/usr/bin/protoc"),
            ["-I", proto, "--python_out=\(folder)"]
                + ["wire", "common", "identity", "tasks"].map { "\(proto)/\($0).proto" })
        #expect(generated.status == 0, "\(generated.errors)")
        let script = Products.root.appendingPathComponent(
            "Tests/IntegrationTests/Peer/list_tasks.py")
        let listed = try await run(
            URL(fileURLWithPath: python),
            [
                script.path, platform.authorityFile, "\(platform.port(of: .identity))",
                "\(platform.port(of: .tasks))",
                RunningPlatform.officer.account, RunningPlatform.officer.password,
            ], environment: ["PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"])
        #expect(listed.status == 0, "\(listed.errors)")
        let theirs = Set(listed.output.split(separator: "\n").compactMap { Row(json: $0)?.id })
        let ours = try await platform.withOfficer { officer in
            try await officer.tasks.list(
                Tasks.ListTasksRequest(
                    view: .pending, page: Common.PageRequest(size: 200))
            ).tasks.map(\.id)
        }
        #expect(!ours.isEmpty)
        #expect(theirs == Set(ours))
    }

    private struct Row: Decodable {
        let id: String

        init?(json: Substring) {
            guard let row = try? JSONDecoder().decode(Row.self, from: Data(json.utf8)) else {
                return nil
            }
            self = row
        }
    }

    private func commandLine(_ platform: RunningPlatform) async throws {
        let zhicheng = Products.executable("zhicheng")
        let state = platform.environment
        let port = ["--port", "\(platform.basePort)"]
        let signIn = try await run(
            zhicheng, ["sign-in", RunningPlatform.officer.account] + port,
            input: RunningPlatform.officer.password + "\n", environment: state)
        #expect(signIn.status == 0, "\(signIn.errors)")
        let list = try await run(
            zhicheng, ["tasks", "list", "-o", "json"] + port, environment: state)
        #expect(list.status == 0, "\(list.errors)")
        #expect(list.output.contains("\"id\""))
        let health = try await run(zhicheng, ["health"] + port, environment: state)
        #expect(health.status == 0, "\(health.errors)")
        for service in Products.services { #expect(health.output.contains(service)) }

        let wrong = try await run(
            zhicheng, ["sign-in", RunningPlatform.officer.account] + port, input: "wrong\n",
            environment: state)
        #expect(wrong.status == 4)
        #expect(wrong.errors.contains("zhicheng: "))
        let usage = try await run(zhicheng, ["tasks", "list", "--limit", "0"] + port)
        #expect(usage.status == 2)
        let nobody = try await run(
            zhicheng,
            ["tasks", "list", "--service", "task-aggregator=127.0.0.1:9", "--timeout", "1"],
            environment: state)
        #expect(nobody.status == 3)
        let unknown = try await run(
            zhicheng, ["tasks", "approve", "archive:nothing:1", "--opinion", "同意"] + port,
            environment: state)
        #expect(unknown.status == 1)
    }

    /// 领取, 单位推荐意见 and 通过 of the demonstration's declaration, from the terminal alone.
    private func anOfficerFinishesADeclaration(_ platform: RunningPlatform) async throws {
        let state = platform.environment
        func zhicheng(_ arguments: String...) async throws -> Finished {
            try await run(
                Products.executable("zhicheng"), arguments + ["--port", "\(platform.basePort)"],
                environment: state)
        }
        let plans = try await zhicheng("plans", "list")
        #expect(plans.status == 0 && plans.output.contains("福州市工程系列"), "\(plans.errors)")
        let list = try await zhicheng("declarations", "list", "--view", "pending", "-o", "json")
        let rows = try JSONDecoder().decode([Declared].self, from: Data(list.output.utf8))
        let row = try #require(rows.first, "\(list.errors)")
        let early = try await zhicheng("tasks", "approve", row.task, "--opinion", "同意推荐")
        #expect(early.status == 1)
        let claim = try await zhicheng("declarations", "claim", row.id)
        #expect(claim.status == 0 && claim.output.contains("审核中"), "\(claim.errors)")
        let proof = platform.folder.path + "/公示证明.pdf"
        try Data("%PDF-1.4\n%%EOF\n".utf8).write(to: URL(fileURLWithPath: proof))
        let saved = try await zhicheng(
            "declarations", "recommend", row.id, "--text", "同意推荐", "--proof", proof, "--occupies",
            "yes", "--note", "岗位空缺")
        #expect(saved.status == 0 && saved.output.contains("公示证明.pdf"), "\(saved.errors)")
        let approved = try await zhicheng("tasks", "approve", row.task, "--opinion", "同意推荐")
        #expect(approved.status == 0, "\(approved.errors)")
        #expect(approved.output.contains("主管部门审核"))
        let shown = try await zhicheng("declarations", "show", row.id)
        #expect(shown.status == 0 && shown.output.contains("同意推荐"), "\(shown.errors)")
    }

    private struct Declared: Decodable {
        let id, task: String
    }

    /// Bytes that are no TLS end their own connection and no other.
    private func hostileBytes(_ platform: RunningPlatform) async throws {
        try await platform.withOfficer { officer in
            for bytes: [UInt8] in [
                [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 4, 1, 2, 3, 4],
                Array("GET / HTTP/1.1\r\n\r\n".utf8),
            ] {
                let connection = try RawConnection(port: platform.port(of: .tasks))
                connection.send(bytes)
                #expect(connection.isClosedByPeer())
                _ = try await officer.tasks.count(Tasks.CountTasksRequest())
            }
        }
    }

    /// Decides one task after the other while services are killed, then looks at each decision again.
    private func whatWasAnsweredSurvives(_ platform: RunningPlatform) async throws {
        try await platform.withOfficer { officer in
            var answered: [(task: String, version: Int64)] = []
            let victims: [ServiceName] = [.archive, .tasks, .identity, .archive]
            let pending = try await officer.tasks.list(
                Tasks.ListTasksRequest(
                    view: .pending, filter: Tasks.TaskFilter(kinds: ["archive_item"]),
                    page: Common.PageRequest(size: 200))
            ).tasks
            for (task, victim) in zip(pending, victims) {
                var options = CallOptions()
                options.idempotencyKey = .random()
                async let reply = officer.tasks.decide(
                    Tasks.DecideRequest(
                        taskID: task.id, expectedVersion: task.version, outcome: .returned,
                        opinion: "请补充材料"), options: options)
                try platform.kill(victim)
                answered.append((task.id, try await reply.version))
            }
            #expect(!answered.isEmpty)
            let processed = try await officer.tasks.list(
                Tasks.ListTasksRequest(view: .processed, page: Common.PageRequest(size: 200))
            ).tasks
            for decision in answered {
                let found = processed.filter { $0.id == decision.task }
                #expect(found.count == 1, "\(decision.task) was answered")
                #expect(found.first?.outcome == .returned)
                #expect(found.first?.version == decision.version)
            }
        }
    }

    /// A source that is down is named, and its last known rows are marked.
    private func aDeadSourceIsNamed(_ platform: RunningPlatform) async throws {
        try await platform.withOfficer { officer in
            var isNamed = false
            // The supervisor starts it again, so it is killed until a list meets it dead.
            for _ in 0..<50 where !isNamed {
                try platform.kill(.declaration)
                let reply = try await officer.tasks.list(Tasks.ListTasksRequest(view: .pending))
                isNamed = reply.unavailable.contains { $0.source.contains("declaration") }
            }
            #expect(isNamed)
        }
    }

    /// The supervisor starts it with the clock of the platform's beginning; it goes on from where the operator moved it.
    private func aKilledServicesTimeGoesOn(_ platform: RunningPlatform) async throws {
        try await platform.withOperator { administrator in
            let clock = administrator.development(of: .quota)
            let month: Int64 = 30 * 86_400_000
            let moved = try await clock.advanceClock(Development.AdvanceClockRequest(byMs: month))
            try platform.kill(.quota)
            var repeated = CallOptions()
            repeated.idempotencyKey = .random()
            let now = try await clock.advanceClock(
                Development.AdvanceClockRequest(), options: repeated)
            #expect(now.nowMs >= moved.nowMs)
        }
    }
}
