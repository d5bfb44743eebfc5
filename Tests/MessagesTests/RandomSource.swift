import MessageCoding
import Messages

/// A message type that can make random values of itself; the generator writes the conformances.
protocol RandomMessage: Message {
    init(random source: inout RandomSource)
}

/// Random values of field types, edges more often than chance would have it. The same seed gives the
/// same values.
struct RandomSource {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// For the nth value of a message type.
    init(_ type: any Message.Type, _ index: Int) {
        let hash = type.fullName.utf8.reduce(0xcbf2_9ce4_8422_2325) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        self.init(seed: hash &+ UInt64(index))
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func index(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func boolean() -> Bool { next() & 1 == 1 }

    mutating func integer<Number: FixedWidthInteger>() -> Number {
        switch index(below: 6) {
        case 0: 0
        case 1: .min
        case 2: .max
        case 3: Number(truncatingIfNeeded: index(below: 200))
        // -1 and the like: the longest varints there are.
        case 4: 0 &- Number(truncatingIfNeeded: index(below: 200))
        default: Number(truncatingIfNeeded: next())
        }
    }

    mutating func double() -> Double { Double(bitPattern: next() & ~(1 << 62)) }

    mutating func float() -> Float { Float(index(below: 1 << 24)) / 8 - 1000 }

    mutating func text() -> String {
        switch index(below: 8) {
        case 0: ""
        case 1: "a"
        // A C string would end at the NUL.
        case 2: "before\0after"
        case 3: "\0"
        case 4: "e\u{301} \u{10FFFF} 👩‍👩‍👧 \u{FEFF}"
        case 5: String(repeating: "职称", count: 1 + index(below: 60))
        default: String(repeating: "x", count: index(below: 40)) + "中级"
        }
    }

    mutating func bytes() -> [UInt8] {
        let count = index(below: 4) == 0 ? 0 : index(below: 40)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Numbers that the schema does not name are among them.
    mutating func enumeration<Value>() -> Value
    where Value: RawRepresentable & CaseIterable, Value.RawValue == Int32 {
        let cases = Array(Value.allCases)
        if index(below: 3) > 0 { return cases[index(below: cases.count)] }
        guard let value = Value(rawValue: integer()) else {
            preconditionFailure("enums of the schema keep every number")
        }
        return value
    }

    mutating func list<Element>(_ make: (inout RandomSource) -> Element) -> [Element] {
        (0..<index(below: 4)).map { _ in make(&self) }
    }

    mutating func optional<Value>(_ make: (inout RandomSource) -> Value) -> Value? {
        index(below: 3) == 0 ? nil : make(&self)
    }
}
