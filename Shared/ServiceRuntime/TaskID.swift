/// One review round of an object, as the task centre names it: "<source>:<object>:<round>" (decision 15).
package struct TaskID: Sendable, Hashable {
    /// The task source that owns it: "declaration".
    package let source: String
    /// The object's id in its source.
    package let object: String
    /// From 1 on.
    package let round: Int64
    /// All three in one.
    package let text: String

    /// The longest text of an id, in bytes.
    package static let longest = 100

    package init(source: String, object: String, round: Int64) {
        self.source = source
        self.object = object
        self.round = round
        text = "\(source):\(object):\(round)"
    }

    /// Nil when the text is no task of that source, or not written as ``text`` writes it.
    package init?(_ text: String, of source: String) {
        // By bytes: lists read an id for each of their rows.
        let bytes = text.utf8Span.span
        guard bytes.count <= Self.longest,
            let first = Self.colon(in: bytes, from: 0), text.utf8.starts(with: source.utf8),
            first == source.utf8.count,
            let second = Self.colon(in: bytes, from: first + 1), second > first + 1,
            let round = Self.round(bytes.extracting((second + 1)...)),
            let object = String(text.utf8.dropFirst(first + 1).prefix(second - first - 1))
        else { return nil }
        self.source = source
        self.object = object
        self.round = round
        self.text = text
    }

    private static func colon(in bytes: Span<UInt8>, from start: Int) -> Int? {
        for index in start..<bytes.count where bytes[index] == UInt8(ascii: ":") { return index }
        return nil
    }

    /// A number from 1 on as it is written: digits, the first of them not 0.
    private static func round(_ digits: Span<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits[0] != UInt8(ascii: "0") else { return nil }
        var round: Int64 = 0
        for index in digits.indices {
            guard case 0x30...0x39 = digits[index] else { return nil }
            let (tens, overflows) = round.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.addingReportingOverflow(Int64(digits[index] - 0x30))
            guard !overflows, !overflowsToo else { return nil }
            round = sum
        }
        return round
    }
}
