import Foundation
import Glibc
import Supervisor
import Testing

@Suite("A supervisor that is told to end, or dies", .timeLimit(.minutes(1)))
struct SupervisorDeathTests {
    @Test("SIGTERM stops the children in good order", arguments: [SIGTERM, SIGINT])
    func signal(number: Int32) async {
        await #expect(processExitsWith: .exitCode(7)) { [number] in
            let supervisor = Supervisor([Child.waiting("a")]) { _ in }
            var pid: Int32 = 0
            try await supervisor.run { _ in
                kill(getpid(), number)
                return .keepRunning
            }
            var ending: Ending?
            for await event in supervisor.events {
                if case .started(_, let processID) = event { pid = processID }
                if case .stopped(_, let found) = event { ending = found }
            }
            exit(ending == .killed(signal: SIGTERM) && !exists(pid) ? 7 : 1)
        }
    }

    @Test("No child outlives a supervisor that is killed")
    func killed() async throws {
        try await withTemporaryFolder { folder in
            let lifeline = try Lifeline(in: folder)
            let fifo = lifeline.path
            await #expect(processExitsWith: .signal(SIGKILL)) { [fifo = fifo as String] in
                let child = Child.script(
                    "a", "exec 3>\(fifo); echo alive >&3; echo READY a 127.0.0.1:1; cat >/dev/null")
                try await Supervisor([child]) { _ in }.run { _ in
                    kill(getpid(), SIGKILL)
                    return .keepRunning
                }
            }
            #expect(lifeline.wasHeldAndIsFree())
        }
    }
}
