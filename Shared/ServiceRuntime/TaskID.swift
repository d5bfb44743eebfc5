/// One review round of an object, as the task centre names it: "<source>:<object>:<round>" (decision 15).
package struct TaskID: Sendable, Hashable {
    /// The task source that owns it: "declaration".
    package let source: String
    /// The object's id in its source.
    package let object: String
    /// From 1 on.
    package let round: Int64

    /// The longest text of an id, in bytes.
    package static let longest = 100

    package init(source: String, object: String, round: Int64) {
        self.source = source
        self.object = object
        self.round = round
    }

    /// Nil when the text is no task of that source, or not written as ``text`` writes it.
    package init?(_ text: String, of source: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        // By bytes: lists read an id for each of their rows.
        let bytes = text.utf8
        let colon = UInt8(ascii: ":")
        guard let first = bytes.firstIndex(of: colon), text[..<first] == source else { return nil }
        let rest = text[bytes.index(after: first)...]
        guard let second = rest.utf8.firstIndex(of: colon), second > rest.startIndex else {
            return nil
        }
        let number = rest[rest.utf8.index(after: second)...]
        guard let round = Int64(number), round >= 1, String(round) == number else { return nil }
        self.init(source: source, object: String(rest[..<second]), round: round)
    }

    package var text: String { "\(source):\(object):\(round)" }
}
