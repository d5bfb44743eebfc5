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
            // The child holds the writing end of this pipe for as long as it lives.
            let fifo = folder + "/alive"
            #expect(mkfifo(fifo, 0o600) == 0)
            let reading = open(fifo, O_RDONLY | O_NONBLOCK)
            #expect(reading >= 0)
            defer { close(reading) }
            await #expect(processExitsWith: .signal(SIGKILL)) { [fifo = fifo as String] in
                let child = Child.script(
                    "a", "exec 3>\(fifo); echo alive >&3; echo READY a 127.0.0.1:1; cat >/dev/null")
                try await Supervisor([child]) { _ in }.run { _ in
                    kill(getpid(), SIGKILL)
                    return .keepRunning
                }
            }
            var bytes = [UInt8](repeating: 0, count: 64)
            #expect(read(reading, &bytes, bytes.count) > 0, "the child never ran")
            var waiting = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            #expect(poll(&waiting, 1, 20_000) == 1, "the child is still alive")
            #expect(waiting.revents & Int16(POLLHUP) != 0, "the child is still alive")
        }
    }
}
