extension Timestamp {
    /// Reads "2022-04-19T09:00+08:00", also with seconds, also with "Z" for the offset.
    /// - Throws: when the text is written otherwise. It comes from an operator, so the message is
    ///   English.
    package init(iso text: String) throws(ValueFault) {
        let fault = ValueFault(
            "a time is written like 2022-04-19T09:00+08:00 or 2022-04-19T01:00:00Z")
        let bytes = Array(text.utf8.prefix(26))
        guard bytes.count <= 25, bytes.count >= 17, bytes[10] == UInt8(ascii: "T"),
            let day = try? CivilDay(String(decoding: bytes[0..<10], as: UTF8.self)),
            let (hour, minute) = clock(bytes[11..<16])
        else { throw fault }
        var rest = bytes[16...]
        var second = 0
        if rest.first == UInt8(ascii: ":") {
            guard let value = decimal(rest.dropFirst().prefix(2)), rest.count > 3, value < 60 else {
                throw fault
            }
            second = value
            rest = rest.dropFirst(3)
        }
        guard let offset = offsetMinutes(rest) else { throw fault }
        let minutes = hour * 60 + minute + 8 * 60 - offset
        self.init(
            milliseconds: day.start.milliseconds + Int64(minutes * 60 + second) * 1_000)
    }

    /// "2022-04-19 09:00:00" at UTC+8, as lists show it.
    package var text: String {
        let day = CivilDay(self)
        let seconds = Int((milliseconds - day.start.milliseconds) / 1_000)
        let parts = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { padded($0, to: 2) }
        return "\(day) \(parts.joined(separator: ":"))"
    }
}

/// "09:00".
private func clock(_ bytes: ArraySlice<UInt8>) -> (hour: Int, minute: Int)? {
    guard bytes.count == 5, bytes[bytes.startIndex + 2] == UInt8(ascii: ":"),
        let hour = decimal(bytes.prefix(2)), let minute = decimal(bytes.suffix(2)),
        hour < 24, minute < 60
    else { return nil }
    return (hour, minute)
}

/// "Z", "+08:00" or "-03:30".
private func offsetMinutes(_ bytes: ArraySlice<UInt8>) -> Int? {
    if bytes.elementsEqual([UInt8(ascii: "Z")]) { return 0 }
    guard let (hour, minute) = clock(bytes.dropFirst()), hour <= 14 else { return nil }
    switch bytes.first {
    case UInt8(ascii: "+"): return hour * 60 + minute
    case UInt8(ascii: "-"): return -(hour * 60 + minute)
    default: return nil
    }
}
