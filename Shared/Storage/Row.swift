import Synchronization

/// The names of a statement's columns; shared by its rows.
final class Columns: Sendable {
    let names: [String]
    private let indexes: [String: Int]
    /// Behind the column that was asked for last. Rows are read column by column mostly, and comparing one name costs less
    /// than hashing it. Only a guess: several threads may read rows of the statement.
    private let next = Atomic(0)
    /// Of several columns of one name the first is meant, whatever the guess.
    private let isAmbiguous: Bool

    init(_ names: [String]) {
        self.names = names
        indexes = Dictionary(
            names.enumerated().map { ($0.element, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        isAmbiguous = indexes.count < names.count
    }

    func index(of name: String) throws(StorageError) -> Int {
        let guess = next.load(ordering: .relaxed)
        var index = guess
        if isAmbiguous || guess >= names.count || names[guess] != name {
            guard let found = indexes[name] else {
                throw StorageError(.noSuchColumn, "no column “\(name)” in the result")
            }
            index = found
        }
        next.store(index + 1, ordering: .relaxed)
        return index
    }
}

/// A row of a result, copied out of the database: it may be kept.
package struct Row: Sendable {
    private let columns: Columns
    private let values: [Value]

    init(columns: Columns, values: [Value]) {
        self.columns = columns
        self.values = values
    }

    /// How many columns the row has.
    package var count: Int { values.count }

    /// The value of a column by its index; the index is the programmer's business.
    package subscript(index: Int) -> Value { values[index] }

    /// The value of a column by its name. Throws `noSuchColumn`.
    package subscript(name: String) -> Value {
        get throws(StorageError) { values[try columns.index(of: name)] }
    }

    /// An integer. Throws `noSuchColumn`; `typeMismatch` for another type or null.
    package func integer(_ name: String) throws(StorageError) -> Int64 {
        guard let value = try optionalInteger(name) else { throw mismatch(name, "integer", .null) }
        return value
    }

    /// A text. Throws `noSuchColumn`; `typeMismatch` for another type or null.
    package func text(_ name: String) throws(StorageError) -> String {
        guard let value = try optionalText(name) else { throw mismatch(name, "text", .null) }
        return value
    }

    /// Bytes. Throws `noSuchColumn`; `typeMismatch` for another type or null.
    package func blob(_ name: String) throws(StorageError) -> [UInt8] {
        guard let value = try optionalBlob(name) else { throw mismatch(name, "blob", .null) }
        return value
    }

    /// A real number. Throws `noSuchColumn`; `typeMismatch` for another type or null.
    package func real(_ name: String) throws(StorageError) -> Double {
        guard let value = try optionalReal(name) else { throw mismatch(name, "real", .null) }
        return value
    }

    /// An integer, nil for null. Throws `noSuchColumn`; `typeMismatch` for another type.
    package func optionalInteger(_ name: String) throws(StorageError) -> Int64? {
        switch try self[name] {
        case .null: return nil
        case .integer(let value): return value
        case let other: throw mismatch(name, "integer", other)
        }
    }

    /// A text, nil for null. Throws `noSuchColumn`; `typeMismatch` for another type.
    package func optionalText(_ name: String) throws(StorageError) -> String? {
        switch try self[name] {
        case .null: return nil
        case .text(let value): return value
        case let other: throw mismatch(name, "text", other)
        }
    }

    /// Bytes, nil for null. Throws `noSuchColumn`; `typeMismatch` for another type.
    package func optionalBlob(_ name: String) throws(StorageError) -> [UInt8]? {
        switch try self[name] {
        case .null: return nil
        case .blob(let value): return value
        case let other: throw mismatch(name, "blob", other)
        }
    }

    /// A real number, nil for null. Throws `noSuchColumn`; `typeMismatch` for another type.
    package func optionalReal(_ name: String) throws(StorageError) -> Double? {
        switch try self[name] {
        case .null: return nil
        case .real(let value): return value
        case let other: throw mismatch(name, "real", other)
        }
    }

    private func mismatch(_ name: String, _ expected: String, _ found: Value) -> StorageError {
        StorageError(.typeMismatch, "column “\(name)” is \(found.kind), not \(expected)")
    }
}

/// Reads rows: the body of `Database.read` and a command's `read` get one. Valid until that body
/// returns.
package protocol RowReader {
    /// The first `limit` rows of the result.
    /// - Throws: `notApplied(.interrupted)` when the read took too long; errors of the statement.
    func rows(_ statement: Statement, limit: Int) throws(StorageError) -> [Row]

    /// The first row of the result, nil when there is none.
    func row(_ statement: Statement) throws(StorageError) -> Row?
}
