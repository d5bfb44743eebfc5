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
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == source, !parts[1].isEmpty,
            let round = Int64(parts[2]), round >= 1, String(round) == parts[2]
        else { return nil }
        self.init(source: source, object: String(parts[1]), round: round)
    }

    package var text: String { "\(source):\(object):\(round)" }
}
