/// What a load generator is told, as `name=value` words.
public struct LoadArguments: Sendable {
    private let values: [String: String]

    /// Nil when a word is no `name=value`.
    public init?(_ words: [String]) {
        var values: [String: String] = [:]
        for word in words {
            guard let equals = word.firstIndex(of: "=") else { return nil }
            values[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
        self.values = values
    }

    public subscript(name: String) -> String? { values[name] }

    public func number(_ name: String, default other: Int) -> Int {
        values[name].flatMap { Int($0) } ?? other
    }

    public var port: Int { number("port", default: 0) }
    /// `echo` when nothing else is said.
    public var call: String { values["call"] ?? "echo" }
    /// Calls in flight at once, in all; over `rate` it means nothing.
    public var inFlight: Int { max(number("inflight", default: 1), 1) }
    public var connections: Int { max(number("connections", default: 1), 1) }
    public var seconds: Double { values["seconds"].flatMap { Double($0) } ?? 1 }
    /// Calls a second, sent whether or not the earlier ones are answered; nil: as many as `inFlight` allow.
    public var rate: Int? { values["rate"].flatMap { Int($0) } }
}
