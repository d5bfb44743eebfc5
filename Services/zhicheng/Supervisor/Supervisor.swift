import Glibc
import Synchronization

/// Keeps a set of programs running: starts them, waits until each is ready, starts again what dies,
/// stops them all. See ``ChildSpecification`` for what a program does for it.
package final class Supervisor: Sendable {
    /// What `ready` wants to happen next.
    package enum AfterReady: Sendable {
        case keepRunning
        case stop
    }

    /// What happens, for one reader; the newest 1,024 are kept for it.
    package let events: AsyncStream<SupervisorEvent>

    private struct State {
        var processes: [String: ChildProcess] = [:]
        var addresses: [String: String] = [:]
        var lastErrors: [String: String] = [:]
    }

    private let children: [ChildSpecification]
    private let policy: SupervisorPolicy
    private let log: @Sendable (ChildLine) -> Void
    private let state = Mutex(State())
    private let event: AsyncStream<SupervisorEvent>.Continuation
    private let allReady: AsyncStream<[String: String]>
    private let tellAllReady: AsyncStream<[String: String]>.Continuation
    private let stopRequests: AsyncStream<Void>
    private let requestStop: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - children: with different names; started together, told to stop in reverse order.
    ///   - log: called for each line that a child writes, except its READY line.
    package init(
        _ children: [ChildSpecification], policy: SupervisorPolicy = SupervisorPolicy(),
        log: @escaping @Sendable (ChildLine) -> Void
    ) {
        precondition(
            Set(children.map(\.name)).count == children.count, "two children with one name")
        self.children = children
        self.policy = policy
        self.log = log
        (events, event) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_024))
        (allReady, tellAllReady) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (stopRequests, requestStop) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks ``run(signals:ready:)`` to stop the children and to return.
    package func stop() {
        requestStop.yield()
    }

    /// Where a child answers; nil while it is not ready.
    package func address(of name: String) -> String? {
        state.withLock { $0.addresses[name] }
    }

    /// Runs the children until `ready` says stop, ``stop()`` is called, a signal comes, the task is
    /// cancelled, or one of the errors below. No child is left when it returns. To be called once.
    /// - Parameters:
    ///   - signals: those that end the run.
    ///   - ready: called once, when each child has been ready, with their addresses by name.
    /// - Throws: `SupervisorError`, or what `ready` throws.
    package func run(
        signals: [Int32] = TerminationSignals.all,
        ready: @escaping @Sendable ([String: String]) async throws -> AfterReady = { _ in
            .keepRunning
        }
    ) async throws {
        let outcome = await superviseUntilDecided(signals: signals, ready: ready)
        await stopAll()
        event.finish()
        if let error = outcome { throw error }
    }

    /// Why a part of the run is over.
    private enum Step: Sendable {
        /// Nothing follows from it.
        case nothing
        case stop
        case failed(any Error)
    }

    /// Runs everything until something decides that the run is over; the error, if there is one.
    private func superviseUntilDecided(
        signals: [Int32], ready: @escaping @Sendable ([String: String]) async throws -> AfterReady
    ) async -> (any Error)? {
        await withTaskGroup(of: Step.self) { group in
            if !signals.isEmpty {
                let stream = TerminationSignals.stream(of: signals)
                group.addTask {
                    for await _ in stream { return .stop }
                    return .nothing
                }
            }
            group.addTask { [stopRequests] in
                for await _ in stopRequests { return .stop }
                return .nothing
            }
            for child in children {
                group.addTask { await self.supervise(child) }
            }
            group.addTask { await self.watchStartup(ready) }
            defer { group.cancelAll() }
            for await step in group {
                switch step {
                case .nothing: continue
                case .stop: return nil
                case .failed(let error): return error
                }
            }
            return nil
        }
    }

    /// Waits until all are ready, and calls `ready`.
    private func watchStartup(
        _ ready: @escaping @Sendable ([String: String]) async throws -> AfterReady
    ) async -> Step {
        let limit = policy.startupLimit
        let addresses = await withTaskGroup(of: [String: String]?.self) { group in
            group.addTask { [allReady] in
                for await addresses in allReady { return addresses }
                return nil
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard !Task.isCancelled else { return .nothing }
        guard let addresses else { return .failed(notReady()) }
        do {
            switch try await ready(addresses) {
            case .keepRunning: return .nothing
            case .stop: return .stop
            }
        } catch {
            return .failed(error)
        }
    }

    private func notReady() -> SupervisorError {
        state.withLock { state in
            let missing = children.map(\.name).filter { state.addresses[$0] == nil }
            return .notReady(
                names: missing, limit: policy.startupLimit,
                lastLine: missing.compactMap { state.lastErrors[$0] }.last ?? "")
        }
    }
}

// MARK: - One child

extension Supervisor {
    /// Keeps one child running until cancelled; its process is left running then.
    private func supervise(_ child: ChildSpecification) async -> Step {
        var backoff = Backoff(policy)
        while !Task.isCancelled {
            let began = ContinuousClock.now
            let process: ChildProcess
            do {
                process = try start(child)
            } catch {
                return .failed(error)
            }
            var ending: Ending?
            for await found in process.endings { ending = found }
            // Cancelled while it runs: `stopAll` stops it.
            guard let ending else { return .nothing }
            state.withLock {
                $0.processes[child.name] = nil
                $0.addresses[child.name] = nil
            }
            if ending == .exited(configurationExitCode) {
                event.yield(.stopped(name: child.name, ending))
                let lastLine = state.withLock { $0.lastErrors[child.name] }
                return .failed(
                    SupervisorError.configuration(name: child.name, lastLine: lastLine ?? ""))
            }
            let pause = backoff.pause(afterLifeOf: ContinuousClock.now - began)
            event.yield(.restarting(name: child.name, ending, after: pause))
            try? await ContinuousClock().sleep(for: pause)
        }
        return .nothing
    }

    private func start(_ child: ChildSpecification) throws(SupervisorError) -> ChildProcess {
        let process = try ChildProcess.start(child) { [weak self] stream, text in
            self?.receive(ChildLine(name: child.name, stream: stream, text: text))
        }
        state.withLock { $0.processes[child.name] = process }
        event.yield(.started(name: child.name, processID: process.processID))
        return process
    }

    private func receive(_ line: ChildLine) {
        guard line.stream == .output, line.text.hasPrefix("READY "),
            let address = line.text.split(separator: " ").last.map(String.init)
        else {
            if line.stream == .error, !line.text.isEmpty {
                state.withLock { $0.lastErrors[line.name] = line.text }
            }
            return log(line)
        }
        let complete: [String: String]? = state.withLock { state in
            state.addresses[line.name] = address
            return state.addresses.count == children.count ? state.addresses : nil
        }
        event.yield(.ready(name: line.name, address: address))
        if let complete { tellAllReady.yield(complete) }
    }

    /// Tells all to stop, last first, and waits for each.
    private func stopAll() async {
        let processes = state.withLock { $0.processes }
        await withTaskGroup(of: Void.self) { group in
            for child in children.reversed() {
                guard let process = processes[child.name] else { continue }
                event.yield(.stopping(name: child.name))
                process.send(SIGTERM)
                group.addTask { [policy, event] in
                    let ending = await process.stop(within: policy.stopLimit)
                    event.yield(.stopped(name: child.name, ending))
                }
            }
        }
    }
}
