import NIOCore
import NIOPosix

/// Runs tasks on one event loop, and gathers what a turn of it produces: first all jobs that are
/// ready, then a flush for each connection that has something to send. An event loop has one, which all
/// servers and channels share: so a call that a handler makes, and the handler's answer, need no turn of their own.
///
/// Safe to share: the lists are only touched on the event loop.
// Everything that varies is confined to the event loop, which every entry checks.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    let eventLoop: any EventLoop
    private let ownWork = LoopOwned(Work())

    /// What is to be done. What runs makes more of it: that is for the next round, in the other list.
    private struct Work {
        var jobs: [UnownedJob] = []
        private(set) var running: [UnownedJob] = []
        var unflushed: [FrameHandler] = []
        var flushing: [FrameHandler] = []
        /// A turn runs or will come.
        var isTurnDue = false
        var isInTurn = false

        mutating func takeJobs() {
            running.removeAll(keepingCapacity: true)
            swap(&jobs, &running)
        }

        mutating func takeUnflushed() { swap(&unflushed, &flushing) }
    }

    private var work: Work {
        @inline(__always) _read { yield ownWork.value }
        @inline(__always) _modify { yield &ownWork.value }
    }

    /// Tasks that keep making each other ready leave the loop to others after so many rounds.
    private static let mostRounds = 16

    /// Of every event loop of this process.
    static let all: [ObjectIdentifier: LoopExecutor] = {
        var all: [ObjectIdentifier: LoopExecutor] = [:]
        for eventLoop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            all[ObjectIdentifier(eventLoop)] = LoopExecutor(eventLoop: eventLoop)
        }
        return all
    }()

    private init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// The event loop's.
    static func of(_ eventLoop: any EventLoop) -> LoopExecutor {
        guard let executor = all[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("an event loop of another group")
        }
        return executor
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if eventLoop.inEventLoop {
            work.jobs.append(job)
            requestTurn()
        } else {
            eventLoop.execute {
                self.work.jobs.append(job)
                self.requestTurn()
            }
        }
    }

    /// Runs the work on the event loop: now when this is it.
    func perform(_ work: @escaping @Sendable () -> Void) {
        if eventLoop.inEventLoop { work() } else { eventLoop.execute(work) }
    }

    /// The connection has something to send at the end of this turn.
    func flushAtEnd(_ handler: FrameHandler) {
        work.unflushed.append(handler)
        requestTurn()
    }

    /// The caller promises to call `turn` soon: until then nothing has to be scheduled.
    func holdTurn() { work.isTurnDue = true }

    /// Runs what is ready, then flushes.
    func turn() {
        eventLoop.preconditionInEventLoop()
        guard !work.isInTurn else { return }
        work.isTurnDue = true
        work.isInTurn = true
        defer { work.isInTurn = false }
        var rounds = 0
        while !work.jobs.isEmpty || !work.unflushed.isEmpty {
            guard rounds < Self.mostRounds else {
                eventLoop.execute { self.turn() }
                return
            }
            rounds += 1
            while !work.jobs.isEmpty, rounds < Self.mostRounds {
                rounds += 1
                work.takeJobs()
                for index in work.running.indices {
                    let job = work.running[index]
                    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
                }
            }
            work.takeUnflushed()
            for index in work.flushing.indices {
                let handler = work.flushing[index]
                handler.flush()
            }
            work.flushing.removeAll(keepingCapacity: true)
        }
        work.isTurnDue = false
    }

    private func requestTurn() {
        guard !work.isTurnDue else { return }
        work.isTurnDue = true
        eventLoop.execute { self.turn() }
    }
}
