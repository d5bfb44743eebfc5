/// What a column holds or an argument gives. Dates, booleans and enums are integers or texts of the
/// caller's choice.
package enum Value: Sendable, Hashable {
    case null
    case integer(Int64)
    /// Never NaN: SQLite would store it as NULL, so it is refused.
    case real(Double)
    /// Never with a NUL character: engines disagree on it, so it is refused.
    case text(String)
    case blob([UInt8])

    /// The kind as messages name it; never the value itself.
    var kind: String {
        switch self {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case .text: "text"
        case .blob: "blob"
        }
    }
}

extension Value: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .real(value) }
    package init(stringLiteral value: String) { self = .text(value) }
}

extension Value {
    /// NULL for nil.
    package static func optional(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
    /// NULL for nil.
    package static func optional(_ number: Int64?) -> Value {
        number.map { .integer($0) } ?? .null
    }
    /// NULL for nil.
    package static func optional(_ bytes: [UInt8]?) -> Value { bytes.map { .blob($0) } ?? .null }
}

/// One SQL statement with its arguments.
///
/// The text is constant for its purpose (prepared once, kept per connection), values travel as
/// arguments.
/// It is one statement of SELECT or WITH in reads, of INSERT, UPDATE, DELETE or WITH in writes;
/// anything else is refused.
package struct Statement: Sendable {
    package let sql: String
    package let arguments: [Value]
    /// How many rows a write has to change. Another count refuses the command as a conflict and
    /// undoes its writes.
    package let expectedChanges: Int?

    package init(_ sql: String, _ arguments: [Value] = [], expectedChanges: Int? = nil) {
        self.sql = sql
        self.arguments = arguments
        self.expectedChanges = expectedChanges
    }
}
