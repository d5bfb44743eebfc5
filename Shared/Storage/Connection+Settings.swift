import CSQLite

extension Connection {
    /// What a connection is for.
    enum Role {
        /// Writes and checkpoints.
        case writer
        /// Only reads.
        case reader
    }

    /// A pragma and what it answers when it holds.
    struct Setting {
        let name: String
        let value: String
        let answer: String

        init(_ name: String, _ value: String, answer: String) {
            self.name = name
            self.value = value
            self.answer = answer
        }
    }

    /// Bytes that the log's file keeps after it began anew.
    private static let logBytesKept = 64 << 20

    /// In the order in which they are set: what decides the durability of a commit comes last.
    static func settings(_ role: Role) -> [Setting] {
        var settings = [
            Setting("trusted_schema", "OFF", answer: "0"),
            Setting("cell_size_check", "ON", answer: "1"),
            Setting("mmap_size", "0", answer: "0"),
            Setting("secure_delete", "ON", answer: "1"),
            Setting("temp_store", "MEMORY", answer: "2"),
            Setting("foreign_keys", "ON", answer: "1"),
            Setting("wal_autocheckpoint", "0", answer: "0"),
            Setting("journal_size_limit", "\(logBytesKept)", answer: "\(logBytesKept)"),
        ]
        switch role {
        case .writer:
            settings.append(Setting("cache_size", "-16000", answer: "-16000"))
            settings.append(Setting("journal_mode", "WAL", answer: "wal"))
        case .reader:
            settings.append(Setting("cache_size", "-4000", answer: "-4000"))
            settings.append(Setting("query_only", "ON", answer: "1"))
        }
        settings.append(Setting("synchronous", "FULL", answer: "2"))
        return settings
    }

    /// Options of the connection and what they have to be.
    private static func options(_ role: Role) -> [(name: String, option: Int32, value: Int32)] {
        var options = [
            ("DEFENSIVE", SQLITE_DBCONFIG_DEFENSIVE, Int32(1)),
            ("DQS_DML", SQLITE_DBCONFIG_DQS_DML, 0),
            ("DQS_DDL", SQLITE_DBCONFIG_DQS_DDL, 0),
            ("LOAD_EXTENSION", SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
        ]
        if role == .reader {
            options.append(("NO_CKPT_ON_CLOSE", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1))
        }
        return options
    }

    /// Keeps a connection from changing a file that may not be ours, by closing it.
    func setNoCheckpointOnClose(_ isOn: Bool) throws(StorageError) {
        try setOption("NO_CKPT_ON_CLOSE", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, isOn ? 1 : 0)
    }

    /// Sets everything and reads it back.
    func configure(_ role: Role) throws(StorageError) {
        for (name, option, value) in Self.options(role) { try setOption(name, option, value) }
        for setting in Self.settings(role) {
            try runOnce("PRAGMA \(setting.name) = \(setting.value)")
        }
        if let wrong = try wrongSettings(role).first { throw StorageError(.settings, wrong) }
    }

    /// One line per setting that is not as required.
    func wrongSettings(_ role: Role) throws(StorageError) -> [String] {
        var wrong: [String] = []
        for (name, option, value) in Self.options(role) {
            var result: Int32 = -1
            _ = unsafe zc_get_option(handle, option, &result)
            if result != value { wrong.append("option \(name) is \(result), not \(value)") }
        }
        for setting in Self.settings(role) {
            let answer = try pragma(setting.name)
            if answer != setting.answer {
                wrong.append("PRAGMA \(setting.name) is \(answer), not \(setting.answer)")
            }
        }
        return wrong
    }

    /// What a pragma answers.
    func pragma(_ name: String) throws(StorageError) -> String {
        switch try row("PRAGMA \(name)")?[0] {
        case .integer(let value): String(value)
        case .text(let value): value
        default: "unknown"
        }
    }

    private func setOption(
        _ name: String, _ option: Int32, _ value: Int32
    ) throws(StorageError) {
        var result: Int32 = -1
        let code = unsafe zc_set_option(handle, option, value, &result)
        guard code == SQLITE_OK, result == value else {
            throw StorageError(.settings, "option \(name) is \(result), not \(value)")
        }
    }
}
