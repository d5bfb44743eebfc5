extension Database {
    /// How SQLite answers a read, a line for each step: which index it seeks in, what it sorts. For tests of indexes.
    /// - Throws: errors of the statement.
    package func queryPlan(of statement: Statement) throws -> [String] {
        let connection = try ReaderPool.open(configuration.path)
        defer { connection.close() }
        let plan = try connection.prepareOnce("EXPLAIN QUERY PLAN " + statement.sql)
        return try connection.rows(plan, statement.arguments, limit: 1_000)
            .map { try $0.text("detail") }
    }
}
