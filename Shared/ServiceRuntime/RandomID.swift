import Domain

/// A new object id, 32 lower-case hexadecimal digits: twelve of the machine's time in milliseconds, then 80 random bits.
///
/// As with UUID version 7: what is made together lies together in every index of a database, so that a
/// transaction writes a few pages and not one for each row. The time is no fact: nothing reads it.
@Sendable package func randomID() -> String {
    let milliseconds = UInt64(clamping: SystemWallClock().now().milliseconds)
    var generator = SystemRandomNumberGenerator()
    return hexadecimal(milliseconds, digits: 12)
        + hexadecimal(UInt64(UInt16.random(in: .min ... .max, using: &generator)), digits: 4)
        + hexadecimal(UInt64.random(in: .min ... .max, using: &generator), digits: 16)
}

/// The last digits of the number.
private func hexadecimal(_ number: UInt64, digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
}
