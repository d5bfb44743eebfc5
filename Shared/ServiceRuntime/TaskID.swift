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
        guard text.utf8.count <= Self.longest else { return nil }
        // By bytes: lists read an id for each of their rows.
        let bytes = text.utf8
        let colon = UInt8(ascii: ":")
        guard let first = bytes.firstIndex(of: colon),
            bytes[..<first].elementsEqual(source.utf8)
        else { return nil }
        let rest = bytes[bytes.index(after: first)...]
        guard let second = rest.firstIndex(of: colon), second > rest.startIndex,
            let round = Self.round(rest[rest.index(after: second)...]),
            let object = String(rest[..<second])
        else { return nil }
        self.source = source
        self.object = object
        self.round = round
        self.text = text
    }

    /// A number from 1 on as it is written: digits, the first of them not 0.
    private static func round(_ digits: Substring.UTF8View) -> Int64? {
        guard digits.first != UInt8(ascii: "0"), !digits.isEmpty else { return nil }
        var round: Int64 = 0
        for digit in digits {
            guard case 0x30...0x39 = digit else { return nil }
            let (tens, overflows) = round.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.addingReportingOverflow(Int64(digit - 0x30))
            guard !overflows, !overflowsToo else { return nil }
            round = sum
        }
        return round
    }
}
