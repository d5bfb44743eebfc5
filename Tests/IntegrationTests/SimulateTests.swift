import Foundation
import RPCTransport
import Testing
import ZhichengClient

/// The same seed on two new platforms.
@Suite("zhicheng simulate", .timeLimit(.minutes(10)))
struct SimulateTests {
    private static let flags = [
        "simulate", "--seed", "7", "--units", "3", "--persons", "6", "--items", "3",
        "--declarations", "7", "--evidence", "0.3", "--withdrawals", "0.4", "--pending", "4", "-o",
        "json",
    ]

    @Test("The same seed makes the same tasks, and a second run finds everything done")
    func twice() async throws {
        let first = try await simulated(again: true)
        let second = try await simulated(again: false)
        #expect(first == second)
        for label in ["评审通过", "逾期失效"] {
            #expect(first.contains { $0.contains(label) }, "no declaration is \(label)")
        }
        for kind in ["人员注册", "业绩档案", "撤回申请", "职称申报"] {
            #expect(first.contains { $0.contains(kind) }, "no task is a \(kind)")
        }
    }

    @Test("A run that is started again makes no task twice")
    func resumed() async throws {
        let flags = [
            "simulate", "--seed", "8", "--units", "2", "--persons", "6", "--items", "3", "--plans",
            "1", "--declarations", "6", "--evidence", "0.3", "--withdrawals", "0.4", "--flow",
            "draft=1,pool=1,claimed=1,superior=1,withdrawn=1", "-o", "json",
        ]
        try await RunningPlatform.with(empty: true) { platform in
            #expect(try await simulate(platform, flags) > 20)
            let content = try await content(of: platform, seed: 8, units: 2)
            #expect(try await simulate(platform, flags) == 0)
            #expect(try await self.content(of: platform, seed: 8, units: 2) == content)
        }
    }

    /// - Returns: how many tasks it says that it made.
    private func simulate(
        _ platform: RunningPlatform, _ flags: [String]
    ) async throws -> Int {
        let result = try await run(
            Products.executable("zhicheng"),
            flags + [
                "--port", "\(platform.basePort)", "--timeout", "60",
                "--operator", platform.operatorFolder,
            ], environment: platform.environment)
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Made.self, from: Data(result.output.utf8)).tasks
    }

    private struct Made: Decodable {
        let tasks: Int
    }

    /// Everything that the units see, without ids and times.
    private func simulated(again: Bool) async throws -> [String] {
        try await RunningPlatform.with(empty: true) { platform in
            _ = try await simulate(platform, Self.flags)
            let content = try await content(of: platform)
            if again {
                _ = try await simulate(platform, Self.flags)
                #expect(try await self.content(of: platform) == content)
            }
            return content
        }
    }

    private func content(
        of platform: RunningPlatform, seed: Int = 7, units: Int = 3
    ) async throws -> [String] {
        try await platform.withClient { client in
            var lines: [String] = []
            for number in 0..<units {
                let reply = try await client.identity.signIn(
                    Identity.SignInRequest(
                        account: "s\(seed)-u0000\(number)",
                        password: RunningPlatform.officer.password))
                let officer = client.signedIn(reply.session)
                for view in [Tasks.TaskView.pending, .processed] {
                    for try await task in officer.tasks.all(view) {
                        lines.append(
                            "\(number) \(view) \(task.kindLabel) \(task.title) \(task.applicantName) "
                                + "\(task.stateLabel) \(task.outcomeLabel) \(task.opinion)")
                    }
                }
                for try await row in officer.declaration.all() {
                    lines.append(
                        "\(number) \(row.planName) \(row.applicantName) \(row.title) \(row.status)")
                }
            }
            return lines.sorted()
        }
    }
}
