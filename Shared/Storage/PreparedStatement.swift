import CSQLite

/// A prepared statement of one connection.
@safe final class PreparedStatement {
    private let handle: OpaquePointer
    let columns: Columns
    /// Whether it changes nothing.
    let isReadOnly: Bool
    /// For the cache: when it was last taken.
    var lastUse = 0

    /// Takes the statement over.
    @unsafe init(_ handle: OpaquePointer) {
        unsafe self.handle = unsafe handle
        let count = unsafe sqlite3_column_count(handle)
        columns = Columns(
            (0..<count).map { index in
                unsafe sqlite3_column_name(handle, index).map { unsafe String(cString: $0) } ?? ""
            })
        isReadOnly = unsafe sqlite3_stmt_readonly(handle) != 0
    }

    deinit { _ = unsafe sqlite3_finalize(handle) }

    /// Ends a run and forgets the arguments.
    func reset() {
        _ = unsafe sqlite3_reset(handle)
        _ = unsafe sqlite3_clear_bindings(handle)
    }

    func step() -> Int32 { unsafe sqlite3_step(handle) }

    /// Binds all arguments; their count must be the statement's.
    func bind(_ arguments: [Value]) throws(StorageError) {
        let expected = Int(unsafe sqlite3_bind_parameter_count(handle))
        guard arguments.count == expected else {
            throw StorageError(
                .statement, "the statement takes \(expected) arguments, \(arguments.count) given")
        }
        var position: Int32 = 0
        for argument in arguments {
            position += 1
            let code = try bind(argument, at: position)
            guard code == SQLITE_OK else {
                throw StorageError(
                    code == SQLITE_NOMEM ? .notApplied(.outOfMemory) : .argument,
                    "argument \(position) (\(argument.kind)) cannot be bound", resultCode: code)
            }
        }
    }

    private func bind(_ value: Value, at position: Int32) throws(StorageError) -> Int32 {
        switch value {
        case .null:
            return unsafe sqlite3_bind_null(handle, position)
        case .integer(let value):
            return unsafe sqlite3_bind_int64(handle, position, value)
        case .real(let value):
            guard !value.isNaN else {
                throw StorageError(.argument, "argument \(position) is not a number")
            }
            return unsafe sqlite3_bind_double(handle, position, value)
        case .text(var text):
            let code = text.withUTF8 { bytes -> Int32? in
                guard unsafe !bytes.contains(0) else { return nil }
                return unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                    unsafe zc_bind_text(
                        handle, position, characters.baseAddress, UInt64(characters.count))
                }
            }
            guard let code else {
                throw StorageError(.argument, "argument \(position) is a text with a NUL character")
            }
            return code
        case .blob(let bytes):
            return unsafe bytes.withUnsafeBytes { bytes in
                unsafe zc_bind_blob(handle, position, bytes.baseAddress, UInt64(bytes.count))
            }
        }
    }

    /// The row that the last step found.
    func row() throws(StorageError) -> Row {
        var values: [Value] = []
        values.reserveCapacity(columns.names.count)
        for index in columns.names.indices {
            values.append(try value(Int32(index)))
        }
        return Row(columns: columns, values: values)
    }

    private func value(_ index: Int32) throws(StorageError) -> Value {
        switch unsafe sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER:
            return .integer(unsafe sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT:
            return .real(unsafe sqlite3_column_double(handle, index))
        case SQLITE_TEXT:
            let start = unsafe sqlite3_column_text(handle, index)
            let bytes = unsafe UnsafeBufferPointer(
                start: start, count: Int(sqlite3_column_bytes(handle, index)))
            // Several times as fast as String's own validating initialiser.
            guard let text = unsafe try? UTF8Span(validating: bytes.span) else {
                throw StorageError(
                    .damaged, "column “\(columns.names[Int(index)])” holds a text that is no UTF-8")
            }
            return .text(String(copying: text))
        case SQLITE_BLOB:
            let start = unsafe sqlite3_column_blob(handle, index)
            let bytes = unsafe UnsafeRawBufferPointer(
                start: start, count: Int(sqlite3_column_bytes(handle, index)))
            return .blob(unsafe [UInt8](bytes))
        default:
            return .null
        }
    }
}

/// Prepared statements by their text; the least recently used one makes room.
struct StatementCache {
    /// The most that are kept.
    static let limit = 256

    private var statements: [String: PreparedStatement] = [:]
    private var uses = 0

    mutating func take(_ sql: String) -> PreparedStatement? {
        guard let statement = statements[sql] else { return nil }
        uses += 1
        statement.lastUse = uses
        return statement
    }

    mutating func keep(_ statement: PreparedStatement, for sql: String) {
        if statements.count >= Self.limit,
            let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            statements[oldest.key] = nil
        }
        uses += 1
        statement.lastUse = uses
        statements[sql] = statement
    }

    mutating func removeAll() { statements = [:] }
}
