import Foundation
import Testing

/// Random schedules of both ends of a connection. A failing seed is printed; play it again with
/// `ZHICHENG_SCHEDULE_SEED=SEED swift test --filter ScheduleTests`, which tells its story.
/// `ZHICHENG_SCHEDULES=N` plays N of them instead of a few thousand.
@Suite("Random schedules of a connection's two ends")
struct ScheduleTests {
    @Test("Every call ends once, nothing is left over", arguments: 0..<4)
    func schedules(quarter: UInt64) throws {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["ZHICHENG_SCHEDULE_SEED"].flatMap({ UInt64($0) }) {
            if seed % 4 == quarter { try tell(seed) }
            return
        }
        let count = environment["ZHICHENG_SCHEDULES"].flatMap { UInt64($0) } ?? 4000
        for seed in stride(from: quarter, to: count, by: 4) {
            guard try Schedule(seed: seed).run().isEmpty else { return try tell(seed) }
        }
    }

    /// Plays one schedule and tells what happens in it.
    private func tell(_ seed: UInt64) throws {
        let schedule = Schedule(seed: seed, isTelling: true)
        let faults = try schedule.run()
        print(schedule.referee.story.joined(separator: "\n"))
        #expect(faults.isEmpty, "play it again: ZHICHENG_SCHEDULE_SEED=\(seed)")
    }
}
