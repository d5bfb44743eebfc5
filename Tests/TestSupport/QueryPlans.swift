package import Storage

/// Takes the statements of a read in the place of a database that has no rows.
package final class StatementRecorder: RowReader {
    package private(set) var statements: [Statement] = []

    package init() {}

    package func rows(_ statement: Statement, limit: Int) throws(StorageError) -> [Row] {
        statements.append(statement)
        return []
    }

    package func row(_ statement: Statement) throws(StorageError) -> Row? {
        try rows(statement, limit: 1).first
    }
}

extension Database {
    /// How the database answers the statements of a read, a line for each step.
    package func queryPlan(_ read: (any RowReader) throws -> Void) throws -> [String] {
        let recorder = StatementRecorder()
        try read(recorder)
        return try recorder.statements.flatMap { try queryPlan(of: $0) }
    }
}
