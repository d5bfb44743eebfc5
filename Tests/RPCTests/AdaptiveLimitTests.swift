import RPC
import Testing

/// A server with a few workers and a queue before them, in time that only the test moves.
private struct SimulatedServer {
    struct Result {
        var done: [CallPriority: Int] = [:]
        var refused: [CallPriority: Int] = [:]
        /// Milliseconds that accepted calls took, sorted.
        var took: [Double] = []

        func percentile(_ part: Double) -> Double {
            took[min(took.count - 1, Int(part * Double(took.count)))]
        }
    }

    let workers: Int
    /// Mean of a call's work; each takes a random time around it.
    let milliseconds: Double
    var limit = AdaptiveLimit(now: Moment(nanoseconds: 0))
    var numbers: SeededNumbers
    var now = 0.0
    /// When each worker is free.
    private var free: [Double]
    /// Calls that are in, by the time of their end.
    private var ends:
        [(end: Double, began: Double, pass: AdaptiveLimit.Pass, priority: CallPriority)] = []

    init(workers: Int, milliseconds: Double, seed: UInt64) {
        self.workers = workers
        self.milliseconds = milliseconds
        numbers = SeededNumbers(seed: seed)
        free = Array(repeating: 0, count: workers)
    }

    /// Calls per millisecond at most.
    var capacity: Double { Double(workers) / milliseconds }

    private mutating func exponential(_ mean: Double) -> Double {
        -mean * logarithm(Double.random(in: Double.ulpOfOne...1, using: &numbers))
    }

    /// Natural logarithm by its series; Foundation is not worth it.
    private func logarithm(_ x: Double) -> Double {
        let exponent = Double(x.exponent)
        let y = (x.significand - 1) / (x.significand + 1)
        let square = y * y
        let series = (0..<12).reversed().reduce(0) { $0 * square + 1 / Double(2 * $1 + 1) }
        return exponent * 0.693_147_180_559_945_3 + 2 * y * series
    }

    private func moment(_ milliseconds: Double) -> Moment {
        Moment(nanoseconds: Int64(milliseconds * 1e6))
    }

    /// Open loop: calls come whether the server keeps up or not.
    mutating func run(
        for duration: Double, rate: Double,
        priority: (inout SeededNumbers) -> CallPriority = { _ in .normal }
    ) -> Result {
        var result = Result()
        let until = now + duration
        while now < until {
            now += exponential(1 / rate)
            finish(until: now, &result)
            let priority = priority(&numbers)
            guard let pass = limit.begin(7, priority, at: moment(now)) else {
                result.refused[priority, default: 0] += 1
                continue
            }
            let worker = free.indices.min { free[$0] < free[$1] } ?? 0
            let end = max(free[worker], now) + exponential(milliseconds)
            free[worker] = end
            let index = ends.firstIndex { $0.end > end } ?? ends.count
            ends.insert((end, now, pass, priority), at: index)
        }
        result.took.sort()
        return result
    }

    private mutating func finish(until moment: Double, _ result: inout Result) {
        while let first = ends.first, first.end <= moment {
            ends.removeFirst()
            limit.end(first.pass, .done, at: self.moment(first.end))
            result.done[first.priority, default: 0] += 1
            result.took.append(first.end - first.began)
        }
    }
}

@Suite("The adaptive limit")
struct AdaptiveLimitTests {
    private let start = Moment(nanoseconds: 0)

    @Test(
        "Ten times the capacity: the server works as much as ever, and what it takes on is soon done",
        arguments: [(2, 5.0), (8, 10.0), (32, 2.0)], [1, 2] as [UInt64])
    func overload(_ server: (workers: Int, milliseconds: Double), seed: UInt64) {
        var server = SimulatedServer(
            workers: server.workers, milliseconds: server.milliseconds, seed: seed)
        let calm = server.run(for: 5_000, rate: server.capacity * 0.3)
        #expect(calm.refused.isEmpty)
        let rate = server.capacity * 10
        _ = server.run(for: 2_000, rate: rate)
        let time = 10_000.0
        let busy = server.run(for: time, rate: rate)
        let done = Double(busy.done[.normal] ?? 0)
        #expect(done >= 0.9 * server.capacity * time, "goodput \(done / time / server.capacity)")
        let (usual, loaded) = (calm.percentile(0.99), busy.percentile(0.99))
        #expect(
            loaded <= 5 * usual,
            "p99 \(loaded) ms, unloaded \(usual) ms, limit \(server.limit.limit)")
        // Afterwards everything is let in again.
        let after = server.run(for: 5_000, rate: server.capacity * 0.3)
        #expect(after.refused[.normal] ?? 0 <= after.took.count / 100)
    }

    @Test("What can wait is refused first, what matters most hardly ever")
    func priorities() {
        var server = SimulatedServer(workers: 8, milliseconds: 10, seed: 3)
        _ = server.run(for: 5_000, rate: server.capacity * 0.3)
        // A tenth of the capacity is critical, half of it normal; nine times of it can wait.
        let mix = { (numbers: inout SeededNumbers) -> CallPriority in
            switch Int.random(in: 0..<96, using: &numbers) {
            case 0: .critical
            case 1..<6: .normal
            default: .sheddable
            }
        }
        _ = server.run(for: 2_000, rate: server.capacity * 9.6, priority: mix)
        let busy = server.run(for: 10_000, rate: server.capacity * 9.6, priority: mix)
        func part(_ priority: CallPriority) -> Double {
            let (done, refused) = (busy.done[priority] ?? 0, busy.refused[priority] ?? 0)
            return Double(refused) / Double(done + refused)
        }
        #expect(part(.critical) < 0.03)
        #expect(part(.normal) < 0.15)
        #expect(part(.sheddable) > 0.9)
        #expect(Double(busy.took.count) >= 0.9 * server.capacity * 10_000)
    }

    @Test("A server that became slower for good is not throttled for ever")
    func slowerForGood() {
        var server = SimulatedServer(workers: 8, milliseconds: 10, seed: 4)
        _ = server.run(for: 5_000, rate: server.capacity * 0.3)
        var slower = SimulatedServer(workers: 8, milliseconds: 100, seed: 4)
        // It goes on with what the fast one knew; its time goes on, too.
        slower.limit = server.limit
        slower.now = server.now
        _ = slower.run(for: 60_000, rate: slower.capacity * 0.7)
        let result = slower.run(for: 20_000, rate: slower.capacity * 0.7)
        #expect(Double(result.refused[.normal] ?? 0) < 0.05 * Double(result.took.count))
    }

    @Test(
        "Whatever happens, it stays between its bounds and counts right",
        arguments: 0..<20 as Range<UInt64>)
    func bounds(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var bounds = AdaptiveLimit.Bounds()
        bounds.minimum = Int.random(in: 1...5, using: &numbers)
        bounds.initial = bounds.minimum + Int.random(in: 0...20, using: &numbers)
        bounds.maximum = bounds.initial + Int.random(in: 0...50, using: &numbers)
        var limit = AdaptiveLimit(bounds, now: start)
        var now = start
        var passes: [AdaptiveLimit.Pass] = []
        let all: [CallPriority] = [.critical, .normal, .sheddable, .bestEffort]
        for _ in 0..<500 {
            now = now.advanced(byNanoseconds: Int64.random(in: 0...20_000_000, using: &numbers))
            if Bool.random(using: &numbers) {
                let (copy, room) = (limit, limit.running < limit.limit)
                let admitted = all.map { priority in
                    var trial = copy
                    return trial.begin(1, priority, at: now) != nil
                }
                #expect(admitted[0] || !room)
                // Who matters more is never refused where who matters less is let in.
                #expect(zip(admitted, admitted.dropFirst()).allSatisfy { $0 || !$1 })
                let method = UInt32.random(in: 1...3, using: &numbers)
                if let pass = limit.begin(
                    method, all.randomElement(using: &numbers) ?? .normal, at: now)
                {
                    passes.append(pass)
                }
            } else if !passes.isEmpty {
                let pass = passes.remove(at: Int.random(in: passes.indices, using: &numbers))
                let endings: [AdaptiveLimit.Ending] = [.done, .done, .late, .other]
                limit.end(pass, endings.randomElement(using: &numbers) ?? .done, at: now)
            }
            #expect(limit.running == passes.count)
            #expect((bounds.minimum...bounds.maximum).contains(limit.limit))
        }
        for pass in passes { limit.end(pass, .done, at: now) }
        #expect(limit.running == 0)
    }

    @Test("Callers may ask for less than the method has; for more only known ones")
    func asking() {
        #expect(CallPriority.normal.asked(.sheddable, byKnownPeer: false) == .sheddable)
        #expect(CallPriority.normal.asked(.critical, byKnownPeer: false) == .normal)
        #expect(CallPriority.sheddable.asked(.critical, byKnownPeer: true) == .critical)
        #expect(CallPriority.bestEffort.asked(.sheddable, byKnownPeer: true) == .bestEffort)
        #expect(CallPriority.critical.asked(.normal, byKnownPeer: false) == .critical)
    }

    @Test("What was refused is counted, and says that it did not run")
    func load() throws {
        var bounds = AdaptiveLimit.Bounds()
        (bounds.minimum, bounds.initial, bounds.maximum) = (2, 2, 2)
        let load = ServerLoad(bounds, now: start)
        let method = RPCMethod("test.v1.Test/Work")
        let pass = try load.begin(method, .normal, requestBytes: 10, at: start)
        let error = #expect(throws: RPCError.self) {
            try load.begin(method, .sheddable, requestBytes: 10, at: start)
        }
        #expect(throws: RPCError.self) { try load.beginStream(.sheddable) }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.verdict == .notExecuted)
        #expect(error?.retryAfter != nil)
        #expect(load.reading.running == 1)
        #expect(load.reading.limit == 2)
        #expect(load.reading.refused == [.sheddable: 2])
        load.end(pass, nil, requestBytes: 10, at: start)
        #expect(load.reading.running == 0)
    }

    @Test("Requests that are read but not admitted yet are bounded together")
    func requestBytes() throws {
        let load = ServerLoad(now: start)
        let method = RPCMethod("test.v1.Test/Work")
        let passes = try (0..<64).map { _ in
            try load.begin(method, .normal, requestBytes: 4 << 20, at: start)
        }
        let error = #expect(throws: RPCError.self) {
            try load.begin(method, .critical, requestBytes: 1, at: start)
        }
        #expect(error?.verdict == .notExecuted)
        load.end(passes[0], nil, requestBytes: 4 << 20, at: start)
        _ = try load.begin(method, .normal, requestBytes: 4 << 20, at: start)
    }
}
