/// A new object id: 128 random bits as 32 lower-case hexadecimal digits.
@Sendable package func randomID() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
        let digits = String(UInt64.random(in: .min ... .max, using: &generator), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
}
