/// How many calls a server runs at once, found from how long they take. Pure: the time comes in.
///
/// Calls are compared with what calls of their method take while hardly anything else runs. As long as
/// they take about that long, the limit grows when it is reached; when they take much longer, they
/// wait for each other, and the limit falls by as much. (Gradient control, as in Netflix's
/// concurrency-limits and Envoy's adaptive concurrency; their measure of an idle server is one for all
/// methods and needs probing: here each method has its own, from quiet moments.)
package struct AdaptiveLimit: Sendable {
    /// Between what the limit moves.
    package struct Bounds: Sendable {
        /// With so few calls at once nothing is called overload: what they take is what they take.
        package var minimum = 4
        /// To begin with, and where the limit comes back to, by one a second, when it is not reached.
        package var initial = 512
        package var maximum = 4096

        package init() {}
    }

    /// A call that was let in; goes back with `end`.
    package struct Pass: Sendable {
        let method: UInt32
        let began: Moment
        /// Hardly anything else was running.
        let isQuiet: Bool
    }

    /// What a call's end says of the server's load.
    package enum Ending: Sendable {
        /// It did its work.
        case done
        /// It ended because the server was too slow: it ran out of time, or found a queue full.
        case late
        /// It was refused or broken off: how long it took says nothing.
        case other
    }

    private struct Usual: Sendable {
        var nanoseconds: Double
        /// Measured in a quiet moment; until then it is the best that is known.
        var isQuiet: Bool
    }

    private struct Window: Sendable {
        var began: Moment
        var calls = 0
        var took = 0.0
        var allowed = 0.0
        /// The most calls at once.
        var peak: Int
    }

    /// Calls let in that have not ended.
    package private(set) var running = 0
    private let bounds: Bounds
    private var exact: Double
    /// Nanoseconds of a call by its method, when it had the server almost for itself.
    private var usual: [UInt32: Usual] = [:]
    private var window: Window
    /// Until when the limit came back.
    private var recovered: Moment

    /// Taking twice as long as usual, and a moment, is no overload yet.
    private static let tolerance = 2.0
    private static let moment = 1_000_000.0
    /// A single call says at most that it took so many times what it may.
    private static let mostWeight = 10.0
    /// Until a window has both, nothing is concluded from it.
    private static let leastCalls = 10
    private static let leastNanoseconds: Int64 = 20_000_000

    package init(_ bounds: Bounds = Bounds(), now: Moment) {
        precondition(
            1 <= bounds.minimum && bounds.minimum <= bounds.initial
                && bounds.initial <= bounds.maximum, "bounds of a limit are in order")
        self.bounds = bounds
        exact = Double(bounds.initial)
        window = Window(began: now, peak: 0)
        recovered = now
    }

    /// How many calls may run at once now, critical ones included.
    package var limit: Int { Int(exact) }

    /// Lets the call in, or not: work that can wait leaves a part of the limit to what matters more.
    package mutating func begin(
        _ method: UInt32, _ priority: CallPriority, at now: Moment
    ) -> Pass? {
        if !hasRoom(priority) {
            window.peak = limit
            recover(until: now)
            guard hasRoom(priority) else { return nil }
        }
        running += 1
        window.peak = max(window.peak, running)
        return Pass(method: method, began: now, isQuiet: running <= bounds.minimum)
    }

    /// The call has ended.
    package mutating func end(_ pass: Pass, _ ending: Ending, at now: Moment) {
        running -= 1
        if ending == .other { return }
        let took = Double(max(1, pass.began.nanoseconds(to: now)))
        let known = Self.learn(&usual[pass.method], took, pass, ending)
        guard let known else { return }
        let allowed = known * Self.tolerance + Self.moment
        window.calls += 1
        window.allowed += allowed
        window.took += min(took, allowed * Self.mostWeight)
        if window.calls >= Self.leastCalls,
            window.began.nanoseconds(to: now) >= Self.leastNanoseconds
        {
            adjust(at: now)
        }
    }

    /// - Returns: the nanoseconds that were usual before; nil at first.
    private static func learn(
        _ usual: inout Usual?, _ took: Double, _ pass: Pass, _ ending: Ending
    ) -> Double? {
        guard let known = usual else {
            if ending == .done { usual = Usual(nanoseconds: took, isQuiet: pass.isQuiet) }
            return nil
        }
        if pass.isQuiet, ending == .done {
            let next = known.isQuiet ? known.nanoseconds + (took - known.nanoseconds) / 10 : took
            usual = Usual(nanoseconds: next, isQuiet: true)
        }
        return known.nanoseconds
    }

    /// Whether there is room for one more call of this priority.
    func hasRoom(_ priority: CallPriority) -> Bool {
        running < max(1, Int(exact * priority.share))
    }

    /// An overload is not forgotten at once: the next one would find the doors open.
    private mutating func recover(until now: Moment) {
        let seconds = Double(recovered.nanoseconds(to: now)) / 1e9
        exact = max(exact, min(exact + seconds, Double(bounds.initial)))
        recovered = now
    }

    private mutating func adjust(at now: Moment) {
        defer { window = Window(began: now, peak: running) }
        // Room for a queue, so that there is always a next call, and for finding out about more.
        let headroom = exact.squareRoot()
        // A limit that was not felt: the calls say nothing about it.
        guard 2 * window.peak >= limit else { return recover(until: now) }
        recovered = now
        let gradient = min(1, max(0.5, window.allowed / window.took))
        exact = min(
            max(exact * gradient + headroom, Double(bounds.minimum)), Double(bounds.maximum))
    }
}

extension CallPriority {
    /// The part of a limit that calls of this priority may fill.
    var share: Double {
        switch self {
        case .critical: 1
        case .normal: 0.9
        case .sheddable: 0.7
        case .bestEffort: 0.5
        }
    }

    /// What a call counts as: its caller may always ask for less than its method has, for more only when it is known.
    package func asked(_ other: CallPriority, byKnownPeer isKnown: Bool) -> CallPriority {
        switch other {
        case .normal: self
        case .critical: isKnown ? .critical : self
        case .sheddable, .bestEffort: other.share < share ? other : self
        }
    }
}
