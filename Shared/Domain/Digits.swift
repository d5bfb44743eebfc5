/// The value of decimal digits; nil when there is anything else, or nothing, or more than nine.
func decimal(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard (1...9).contains(bytes.count), bytes.allSatisfy(isDigit) else { return nil }
    return bytes.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
}

func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// Letters a to z as A to Z.
func upperCase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
}

/// With zeros in front; the value is not negative.
func padded(_ value: Int, to length: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(length - digits.utf8.count, 0)) + digits
}
