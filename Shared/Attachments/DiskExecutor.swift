import Dispatch
import Synchronization

/// A few threads for work that waits for the disk, so that an event loop never does.
///
/// Pieces of work are dealt out in turn, each waits for those before it on its thread; of each task one piece at a time is ready.
final class DiskExecutor: TaskExecutor {
    static let threadCount = 4

    private let queues: [DispatchQueue]
    private let next = Atomic(0)

    init() {
        queues = (0..<Self.threadCount).map { DispatchQueue(label: "attachments-\($0)") }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        queues[Int(UInt(bitPattern: turn) % UInt(Self.threadCount))].async {
            unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
