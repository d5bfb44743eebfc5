/// What is to be simulated, and how much of it.
struct Scenario: Sendable, Hashable {
    var seed: UInt64 = 1
    var units = 5
    /// Of each unit.
    var persons = 8
    /// Archive items of each person whose registration is approved.
    var items = 4
    var plans = 2
    /// Of each plan.
    var declarations = 8
    /// What of the registrations is approved; of the others half are returned, half wait.
    var registered = 0.9
    /// What of the archive items is decided; the others wait.
    var reviewed = 0.7
    /// What of the archive items has a file of evidence.
    var evidence = 0.1
    /// What of the approved archive items the applicant wants back.
    var withdrawals = 0.03
    /// Archive items that wait in the first unit, at least: further persons file them.
    var pending = 0
    var flow = Flow.standard

    /// The largest values: what one platform on one machine can hold.
    enum Limits {
        static let units = 100_000
        static let persons = 10_000
        static let allPersons = 5_000_000
        static let items = 1_000
        static let plans = 50
        static let pending = 1_000_000
    }

    /// What is wrong with it, in the words of the flags; nil when nothing is.
    var fault: String? {
        for (flag, value, most) in [
            ("--units", units, Limits.units), ("--persons", persons, Limits.persons),
            ("--items", items, Limits.items), ("--plans", plans, Limits.plans),
        ] where !(1...most).contains(value) {
            return "\(flag) is a number from 1 to \(most)"
        }
        if units * persons > Limits.allPersons {
            return "--units times --persons is at most \(Limits.allPersons)"
        }
        if !(0...units * persons).contains(declarations * plans) || declarations < 0 {
            return "--declarations of every plan together are 0 to \(units * persons): a person"
                + " declares once a year"
        }
        if !(0...Limits.pending).contains(pending) {
            return "--pending is a number from 0 to \(Limits.pending)"
        }
        for (flag, share) in [
            ("--registered", registered), ("--reviewed", reviewed), ("--evidence", evidence),
            ("--withdrawals", withdrawals),
        ] where !(0...1).contains(share) {
            return "\(flag) is a share from 0 to 1"
        }
        return nil
    }
}

/// How far a declaration goes.
enum Ending: String, Sendable, Hashable, CaseIterable {
    case draft
    /// Waits at the unit: 待领取, claimed, or in 公示.
    case pool, claimed, publicity
    /// Waits at a later node.
    case superior, committee, expert, notice
    /// Sent back, to be corrected.
    case returned
    case returnedToUnit = "returned-to-unit"
    /// Came to its end.
    case passed, failed, terminated, withdrawn, lapsed

    /// The unit recommends it.
    var isRecommended: Bool {
        switch self {
        case .superior, .committee, .expert, .notice, .returnedToUnit, .passed, .failed: true
        default: false
        }
    }

    /// Comes about only days later.
    var needsTime: Bool { self == .passed || self == .lapsed }
}

/// How many of the declarations go how far: weights.
struct Flow: Sendable, Hashable {
    /// In the order of the endings; none is negative, and one is positive.
    let weights: [Int]

    /// A bit of everything, and most of it on the way.
    static let standard = Flow(weights: [1, 2, 2, 1, 2, 1, 1, 1, 2, 1, 4, 1, 1, 1, 1])

    private init(weights: [Int]) {
        self.weights = weights
    }

    /// Reads "pool=3,passed=1": what is not named has no weight. Nil for anything else.
    init?(_ text: String) {
        var weights = Array(repeating: 0, count: Ending.allCases.count)
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, let ending = Ending(rawValue: String(pair[0])),
                let weight = Int(pair[1]), (0...1_000_000).contains(weight),
                let index = Ending.allCases.firstIndex(of: ending)
            else { return nil }
            weights[index] = weight
        }
        guard weights.contains(where: { $0 > 0 }) else { return nil }
        self.init(weights: weights)
    }

    func pick(_ chance: inout Chance) -> Ending {
        var rest = chance.number(1...weights.reduce(0, +))
        for (ending, weight) in zip(Ending.allCases, weights) {
            rest -= weight
            if rest <= 0 { return ending }
        }
        preconditionFailure("a number up to the sum of the weights has an ending")
    }
}
