import Glibc
import Supervisor
import Testing

@Suite("The supervisor and real processes", .timeLimit(.minutes(1)))
struct SupervisorTests {
    @Test("All are ready with their addresses; afterwards no process is left")
    func readyAndStop() async throws {
        let supervisor = Supervisor(
            [Child.waiting("a", address: "127.0.0.1:11"), Child.waiting("b", address: "[::1]:12")]
        ) { _ in }
        try await supervisor.run(signals: []) { addresses in
            #expect(addresses == ["a": "127.0.0.1:11", "b": "[::1]:12"])
            #expect(supervisor.address(of: "b") == "[::1]:12")
            return .stop
        }
        var started: [Int32] = []
        for await event in supervisor.events {
            if case .started(_, let processID) = event { started.append(processID) }
        }
        #expect(started.count == 2)
        for processID in started { #expect(!exists(processID)) }
    }

    @Test("Lines go to the log with their child and stream; READY does not")
    func linesAreLogged() async throws {
        let lines = Lines()
        let supervisor = Supervisor(
            [
                Child.script(
                    "a",
                    """
                    printf 'one\\ntwo\\r\\n'; echo "$COLOUR" >&2; echo READY a 127.0.0.1:1
                    exec cat >/dev/null
                    """, environment: ["COLOUR": "green"])
            ], log: lines.add)
        try await supervisor.run(signals: []) { _ in .stop }
        #expect(lines.all.filter { $0.stream == .output }.map(\.text) == ["one", "two"])
        #expect(lines.all.filter { $0.stream == .error }.map(\.text) == ["green"])
        #expect(lines.all.allSatisfy { $0.name == "a" })
    }

    @Test("A child that dies is started again, after growing pauses")
    func restarts() async throws {
        try await withTemporaryFolder { folder in
            let supervisor = Supervisor(
                [
                    Child.script(
                        "a",
                        """
                        echo x >> \(folder)/starts
                        [ $(wc -l < \(folder)/starts) -gt 3 ] || kill -9 $$
                        echo READY a 127.0.0.1:1; exec cat >/dev/null
                        """)
                ], policy: .quick
            ) { _ in }
            let found = try await events(of: supervisor) {
                if case .ready = $0 { true } else { false }
            }
            let pauses = found.compactMap { event -> Duration? in
                guard case .restarting("a", .killed(signal: SIGKILL), let pause) = event else {
                    return nil
                }
                return pause
            }
            #expect(pauses == [.milliseconds(2), .milliseconds(4), .milliseconds(5)])
        }
    }

    @Test("A child that was ready and dies is ready again")
    func readyAgain() async throws {
        let supervisor = Supervisor([Child.waiting("a")], policy: .quick) { _ in }
        var ready = 0
        let found = try await events(of: supervisor) { event in
            if case .started(_, let processID) = event, ready == 0 {
                // Killed before or after its READY line: both must end in a new start.
                kill(processID, SIGKILL)
            }
            if case .restarting = event { ready += 1 }
            if case .ready = event { return ready > 0 }
            return false
        }
        #expect(found.filter { if case .started = $0 { true } else { false } }.count == 2)
    }

    @Test("A configuration error stops all and is told in the child's own words")
    func configurationError() async throws {
        let supervisor = Supervisor([
            Child.waiting("a"),
            Child.script("b", "echo 'b: port 7002 is taken' >&2; exit 78"),
        ]) { _ in }
        let error = await #expect(throws: SupervisorError.self) {
            try await supervisor.run(signals: [])
        }
        #expect(error == .configuration(name: "b", lastLine: "b: port 7002 is taken"))
        #expect("\(try #require(error))" == "b: port 7002 is taken")
        var last: [String] = []
        for await event in supervisor.events {
            if case .restarting = event {
                Issue.record("started again after a configuration error")
            }
            if case .stopped(let name, _) = event { last.append(name) }
        }
        #expect(last == ["b", "a"])
    }

    @Test("A program that is not there is an error, and the others are stopped")
    func missingExecutable() async throws {
        let supervisor = Supervisor([
            Child.waiting("a"), ChildSpecification(name: "b", executable: "/nowhere/b"),
        ]) { _ in }
        let error = await #expect(throws: SupervisorError.self) {
            try await supervisor.run(signals: [])
        }
        #expect(
            "\(try #require(error))"
                == "b cannot be started: /nowhere/b: No such file or directory")
    }

    @Test("Children that are not ready in time are named")
    func notReady() async throws {
        var policy = SupervisorPolicy.quick
        policy.startupLimit = .milliseconds(300)
        let supervisor = Supervisor(
            [Child.waiting("a"), Child.script("b", "echo waiting >&2; exec cat >/dev/null")],
            policy: policy
        ) { _ in }
        let error = await #expect(throws: SupervisorError.self) {
            try await supervisor.run(signals: [])
        }
        guard case .notReady(let names, _, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(names.contains("b"))
    }

    @Test("An error of the ready closure stops all and travels")
    func readyThrows() async throws {
        struct Failure: Error {}
        let supervisor = Supervisor([Child.waiting("a")]) { _ in }
        await #expect(throws: Failure.self) {
            try await supervisor.run(signals: []) { _ in throw Failure() }
        }
    }

    @Test("All are told to stop, last first, and may finish their work")
    func stopsInOrder() async throws {
        let tidy = """
            trap 'echo finished; exit 3' TERM; echo READY x 127.0.0.1:1; while :; do sleep 0.02; done
            """
        let lines = Lines()
        let supervisor = Supervisor(
            [Child.script("a", tidy), Child.script("b", tidy), Child.script("c", tidy)],
            log: lines.add)
        try await supervisor.run(signals: []) { _ in .stop }
        var order: [String] = []
        var endings: Set<Ending> = []
        for await event in supervisor.events {
            if case .stopping(let name) = event { order.append(name) }
            if case .stopped(_, let ending) = event { endings.insert(ending) }
        }
        #expect(order == ["c", "b", "a"])
        #expect(endings == [.exited(3)])
        #expect(lines.all.map(\.text) == ["finished", "finished", "finished"])
    }

    @Test("Who does not stop in time is killed, with what it started")
    func stubbornIsKilled() async throws {
        try await withTemporaryFolder { folder in
            let lifeline = try Lifeline(in: folder)
            var policy = SupervisorPolicy.quick
            policy.stopLimit = .milliseconds(100)
            let supervisor = Supervisor(
                [
                    Child.script(
                        "a",
                        """
                        exec 3>\(lifeline.path); echo alive >&3
                        trap '' TERM; sleep 600 & echo READY a 127.0.0.1:1
                        while :; do sleep 0.02; done
                        """)
                ], policy: policy
            ) { _ in }
            try await supervisor.run(signals: []) { _ in .stop }
            var ending: Ending?
            for await event in supervisor.events {
                if case .stopped(_, let found) = event { ending = found }
            }
            #expect(ending == .killed(signal: SIGKILL))
            #expect(lifeline.wasHeldAndIsFree())
        }
    }

    @Test("A cancelled run still stops its children")
    func cancellation() async throws {
        let supervisor = Supervisor([Child.waiting("a")]) { _ in }
        var started: Int32?
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await supervisor.run(signals: []) }
            for await event in supervisor.events {
                if case .started(_, let processID) = event { started = processID }
                if case .ready = event { group.cancelAll() }
            }
        }
        #expect(!exists(try #require(started)))
    }
}
