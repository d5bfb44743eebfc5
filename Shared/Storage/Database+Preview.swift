import Domain

extension Database {
    /// Decides without writing: throws what the command would be refused with as things are now. Of a command whose
    /// answer is kept it throws nothing: that answer counts, whatever holds now.
    ///
    /// For what is costly to get ready for a command. The decision that counts is still ``execute(_:once:)``'s.
    /// - Parameter once: what the command will run under; its hash may be unknown yet.
    /// - Throws: `Refusal`, `StorageError`, and what `read` threw.
    package func preview<C: Command>(_ command: C, once: Once) throws {
        try read { rows in
            let (sql, arguments) = once.lookUp
            guard try rows.row(Statement(sql, arguments)) == nil else { return }
            _ = try command.decide(try command.read(rows), at: configuration.clock.now())
        }
    }
}
