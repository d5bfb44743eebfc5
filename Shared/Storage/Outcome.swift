/// What a command came to, as it is kept under its key.
enum Outcome {
    case reply([UInt8])
    case refusal(Refusal)

    var storedBytes: [UInt8] {
        var encoding = CanonicalEncoding()
        switch self {
        case .reply(let bytes):
            encoding.append(1)
            encoding.append(bytes)
        case .refusal(let refusal):
            encoding.append(2)
            encoding.append(Int64(refusal.code))
            encoding.append(refusal.message)
            encoding.append(Int64(refusal.details.count))
            for detail in refusal.details {
                encoding.append(detail.type)
                encoding.append(detail.value)
            }
        }
        return encoding.bytes
    }

    init(storedBytes: [UInt8]) throws(StorageError) {
        var decoding = CanonicalDecoding(storedBytes)
        switch try decoding.integer() {
        case 1:
            self = .reply(try decoding.bytes())
        case 2:
            let code = try decoding.integer()
            let message = try decoding.text()
            let count = try decoding.integer()
            guard let code = UInt32(exactly: code), (0...1_000).contains(count) else {
                throw StorageError(.damaged, "a kept refusal is not what was written")
            }
            var refusal = Refusal(code: code, message: message)
            for _ in 0..<count {
                refusal.details.append(
                    RefusalDetail(type: try decoding.text(), value: try decoding.bytes()))
            }
            self = .refusal(refusal)
        default:
            throw StorageError(.damaged, "a kept outcome is not what was written")
        }
        try decoding.finish()
    }
}

extension Once {
    /// The SELECT of what is kept: hash and outcome.
    var lookUp: (sql: String, arguments: [Value]) {
        switch self {
        case .request(let principal, let method, let key, _, _):
            (
                """
                SELECT hash, outcome FROM idempotency
                WHERE principal = ? AND method = ? AND key = ?
                """, [.text(principal), .text(method), .blob(key)]
            )
        case .message(let source, let id, _):
            (
                "SELECT hash, outcome FROM inbox WHERE source = ? AND id = ?",
                [.text(source), .blob(id)]
            )
        }
    }

    /// The INSERT that keeps an outcome.
    func keep(_ outcome: [UInt8], at milliseconds: Int64) -> (sql: String, arguments: [Value]) {
        switch self {
        case .request(let principal, let method, let key, let hash, let keepForever):
            (
                """
                INSERT INTO idempotency (principal, method, key, hash, outcome, created, keep)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(principal), .text(method), .blob(key), .blob(hash), .blob(outcome),
                    .integer(milliseconds), .integer(keepForever ? 1 : 0),
                ]
            )
        case .message(let source, let id, let hash):
            (
                "INSERT INTO inbox (source, id, hash, outcome, received) VALUES (?, ?, ?, ?, ?)",
                [
                    .text(source), .blob(id), .blob(hash), .blob(outcome),
                    .integer(milliseconds),
                ]
            )
        }
    }

    /// Whether a repeat gets the refusal again. A request's outcome is an answer, whatever it is. A message comes until it
    /// is taken: what an object that is busy, or changed meanwhile, refuses now (code 10) must be asked again.
    func keeps(_ refusal: Refusal) -> Bool {
        switch self {
        case .request: true
        case .message: refusal.code != Refusal.changedMeanwhile.code
        }
    }

    /// How long a request's key is kept that is not kept for ever: 7 days.
    static let keptMilliseconds: Int64 = 7 * 86_400_000
    /// How long a message's id is kept: half a year. Its sender asks again until it has the answer, so only one that was
    /// away for longer, or stands as it did then, would see a repeat done twice.
    static let messageKeptMilliseconds: Int64 = 183 * 86_400_000

    var hash: [UInt8] {
        switch self {
        case .request(_, _, _, let hash, _), .message(_, _, let hash): hash
        }
    }

    /// Throws `argument` when a part is empty or too long.
    func validate() throws(StorageError) {
        let names: [String]
        let keys: [[UInt8]]
        switch self {
        case .request(let principal, let method, let key, let hash, _):
            names = [principal, method]
            keys = [key, hash]
        case .message(let source, let id, let hash):
            names = [source]
            keys = [id, hash]
        }
        for name in names where name.utf8.count > PlanLimits.nameBytes {
            throw StorageError(
                .argument, "a name of \(name.utf8.count) bytes, at most \(PlanLimits.nameBytes)")
        }
        for key in keys where key.isEmpty || key.count > PlanLimits.keyBytes {
            throw StorageError(
                .argument, "a key or hash of \(key.count) bytes, 1 to \(PlanLimits.keyBytes)")
        }
    }
}
