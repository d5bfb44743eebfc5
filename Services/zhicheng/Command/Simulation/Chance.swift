import ZhichengClient

/// Chance that comes from a number: the same for the same seed and subject, in whatever order subjects are asked for.
struct Chance: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// - Parameter subject: what is left to chance: "u3-p7/name".
    init(seed: UInt64, _ subject: String) {
        // FNV-1a, then SplitMix64 so that neighbouring seeds have nothing in common.
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in subject.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        state = hash
        state = next() ^ seed
        state = next()
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// One of them.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[number(0...choices.count - 1)]
    }

    /// Whether something happens that happens in that share of cases.
    /// - Parameter share: 0 to 1.
    mutating func happens(_ share: Double) -> Bool {
        Double(next() >> 11) < share * Double(UInt64(1) << 53)
    }

    /// The idempotency key of a step: the same step of the same seed is the same request.
    static func key(seed: UInt64, _ step: String) -> IdempotencyKey {
        var chance = Chance(seed: seed, "key/\(step)")
        let words = [chance.next(), chance.next()]
        let bytes = words.flatMap { word in
            stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
        guard let key = IdempotencyKey(bytes) else {
            preconditionFailure("two words are sixteen bytes")
        }
        return key
    }
}
