import Dispatch
import Foundation
import Glibc
import Synchronization

/// One running process of a child: its own process group, three pipes, and its ending.
final class ChildProcess: Sendable {
    let processID: pid_t
    /// The ending, once; for one reader. Ends early when the reader's task is cancelled.
    let endings: AsyncStream<Ending>

    private enum State {
        /// → ended. The waiting are those who wait without cancellation.
        case running(waiting: [CheckedContinuation<Ending, Never>])
        /// Reaped: the process id may belong to another process by now.
        case ended(Ending)
    }

    private let state = Mutex(State.running(waiting: []))

    private init(processID: pid_t, endings: AsyncStream<Ending>) {
        self.processID = processID
        self.endings = endings
    }

    /// Starts the program.
    /// - Parameter onLine: called for each line, in order within one stream.
    static func start(
        _ child: ChildSpecification,
        onLine: @escaping @Sendable (ChildLine.Stream, String) -> Void
    ) throws(SupervisorError) -> ChildProcess {
        let pipes: [Pipe]
        let processID: pid_t
        do throws(SystemFault) {
            (pipes, processID) = try spawning.withLock { _ throws(SystemFault) in
                try spawn(child)
            }
        } catch {
            throw .cannotStart(
                name: child.name, executable: child.executable, reason: error.reason)
        }
        close(pipes[0].reading)
        close(pipes[1].writing)
        close(pipes[2].writing)

        let (endings, ended) = AsyncStream.makeStream(of: Ending.self)
        let process = ChildProcess(processID: processID, endings: endings)
        let output = DispatchGroup()
        PipeReader.start(pipes[1].reading, open: output) { onLine(.output, $0) }
        PipeReader.start(pipes[2].reading, open: output) { onLine(.error, $0) }
        let lifeline = pipes[0].writing
        Thread.detachNewThread {
            process.waitForEnd()
            // What it wrote last comes before the news of its end, unless a grandchild holds the pipes.
            _ = output.wait(timeout: .now() + .milliseconds(250))
            close(lifeline)
            ended.yield(process.reap())
            ended.finish()
        }
        return process
    }

    /// Sends the signal, unless the process has ended.
    func send(_ signal: Int32) {
        state.withLock { state in
            if case .running = state { _ = kill(processID, signal) }
        }
    }

    /// SIGTERM, and SIGKILL to its whole group after the limit. Returns once it has ended; cancellation
    /// does not cut it short.
    func stop(within limit: Duration) async -> Ending {
        send(SIGTERM)
        let killing = DispatchWorkItem { [self] in
            state.withLock { state in
                if case .running = state { _ = kill(-processID, SIGKILL) }
            }
        }
        let (seconds, attoseconds) = limit.components
        DispatchQueue.global().asyncAfter(
            deadline: .now() + Double(seconds) + Double(attoseconds) / 1e18, execute: killing)
        defer { killing.cancel() }
        return await withCheckedContinuation { continuation in
            let known: Ending? = state.withLock { state in
                switch state {
                case .running(let waiting):
                    state = .running(waiting: waiting + [continuation])
                    return nil
                case .ended(let ending): return ending
                }
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Blocks until the process has ended, and leaves it to be reaped.
    private func waitForEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {
        }
    }

    /// Reaps the process and tells who waits.
    private func reap() -> Ending {
        var waiting: [CheckedContinuation<Ending, Never>] = []
        let ending: Ending = state.withLock { state in
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            // The C macros WIFEXITED, WEXITSTATUS and WTERMSIG.
            let ending: Ending =
                status & 0x7F == 0
                ? .exited((status >> 8) & 0xFF) : .killed(signal: status & 0x7F)
            if case .running(let continuations) = state { waiting = continuations }
            state = .ended(ending)
            return ending
        }
        for continuation in waiting { continuation.resume(returning: ending) }
        return ending
    }
}

/// Held from the making of pipes until the child runs: in between another child would inherit them
/// (`pipe2` with `O_CLOEXEC` is not among what Swift sees of the C library).
private let spawning = Mutex(())

/// An error number of a system call.
private struct SystemFault: Error {
    let code: Int32
    var reason: String { String(cString: strerror(code)) }
}

/// A pipe that other children do not inherit.
private struct Pipe {
    let reading: Int32
    let writing: Int32

    init() throws(SystemFault) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemFault(code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = ends[0]
        writing = ends[1]
    }

    func closeBoth() {
        close(reading)
        close(writing)
    }
}

/// Starts the program with the three pipes as its standard streams, in a
/// process group of its own (so that Ctrl-C reaches the supervisor alone), with default signals.
private func spawn(_ child: ChildSpecification) throws(SystemFault) -> ([Pipe], pid_t) {
    var pipes: [Pipe] = []
    var isRunning = false
    defer {
        if !isRunning {
            for pipe in pipes { pipe.closeBoth() }
        }
    }
    for _ in 0..<3 { pipes.append(try Pipe()) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipes[0].reading, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, pipes[1].writing, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, pipes[2].writing, STDERR_FILENO)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var byDefault = sigset_t()
    sigemptyset(&byDefault)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT] { sigaddset(&byDefault, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &byDefault)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
        &attributes,
        Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let environment = ProcessInfo.processInfo.environment
        .merging(child.environment) { $1 }.map { "\($0.key)=\($0.value)" }
    var arguments = ([child.executable] + child.arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer {
        for text in arguments + variables { free(text) }
    }
    var processID: pid_t = 0
    let fault = posix_spawn(
        &processID, child.executable, &actions, &attributes, &arguments, &variables)
    guard fault == 0 else { throw SystemFault(code: fault) }
    isRunning = true
    return (pipes, processID)
}
