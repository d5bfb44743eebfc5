/// So many at a stroke, and so many a second after that.
struct RateBudget: Sendable {
    private let capacity: Double
    private let perSecond: Double
    private var left: Double
    private var updated: Moment?

    init(capacity: Int, perSecond: Double) {
        self.capacity = Double(capacity)
        self.perSecond = perSecond
        left = self.capacity
    }

    /// Whether one more is within the budget.
    mutating func take(at now: Moment) -> Bool {
        if let updated, updated < now {
            left = min(capacity, left + perSecond * Double(updated.nanoseconds(to: now)) / 1e9)
        }
        updated = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
