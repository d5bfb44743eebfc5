package import MessageCoding
package import RPC
import ServiceRuntime
import Storage

/// Sends every method of a service, streams too, what no well-meaning caller sends, and says what it did not stand: an error that
/// names nothing, a change, personal data where they do not belong.
package struct BadInput: Sendable {
    /// Somebody who calls.
    package struct Caller: Sendable {
        package let name: String
        package let channel: any RPCChannel

        package init(_ name: String, _ channel: any RPCChannel) {
            self.name = name
            self.channel = channel
        }
    }

    /// Of nobody: county 350199 does not exist.
    package static let idNumber = "350199199003070029"
    package static let phone = "13800009999"

    /// Tables that keep what a refusal may leave: outcomes by their keys, and what is counted of failed sign-ins.
    private static let besides: Set<String> = ["idempotency", "inbox", "sqlite_sequence"]
    /// More than any request has.
    private static let mostFields: UInt8 = 12
    /// Calls at a time: other tests want to go on.
    private static let atOnce = 8

    let callers: [Caller]
    /// Objects that the callers have nothing to do with, or with which nothing can be done any more.
    let ids: [String]
    /// Methods, by full name, for which something of this is right input.
    let mayChange: Set<String>
    /// Methods, by full name, that take the callers their sessions.
    let omitted: Set<String>

    package init(
        callers: [Caller], ids: [String], mayChange: Set<String> = [], omitted: Set<String> = []
    ) {
        self.callers = callers
        self.ids = ids
        self.mayChange = mayChange
        self.omitted = omitted
    }

    /// What is wrong, a line each; empty when everything is in order.
    package func complaints(
        about methods: [RPCMethod], of test: TestEnvironment
    ) async throws -> [String] {
        var complaints: [String] = []
        let requests = hostileRequests()
        for method in methods where !omitted.contains(method.name) {
            let before = try Self.contents(of: test.environment.database)
            for caller in callers {
                // Who may not call at all is refused whatever they send.
                let isAdmitted = await isAdmitted(caller, to: method)
                var rest = (isAdmitted ? requests : Array(requests.suffix(1)))[...]
                while !rest.isEmpty {
                    complaints += await together(method, rest.prefix(Self.atOnce), caller)
                    rest = rest.dropFirst(Self.atOnce)
                }
            }
            if mayChange.contains(method.name) { continue }
            let after = try Self.contents(of: test.environment.database)
            for table in after.keys.sorted() where before[table] != after[table] {
                complaints.append("\(method.name) changed the table \(table)")
            }
        }
        for line in test.logged where Self.isPersonal(line) {
            complaints.append("logged: \(line)")
        }
        return complaints
    }

    private func isAdmitted(_ caller: Caller, to method: RPCMethod) async -> Bool {
        do throws(RPCError) {
            try await call(method, [], caller)
            return true
        } catch {
            return error.code != .unauthenticated && error.code != .permissionDenied
        }
    }

    private func together(
        _ method: RPCMethod, _ requests: ArraySlice<(name: String, bytes: [UInt8])>,
        _ caller: Caller
    ) async -> [String] {
        await withTaskGroup(of: String?.self) { group in
            for request in requests {
                // Below the tests that count milliseconds.
                group.addTask(priority: .background) {
                    await complaint(method, request, caller)
                }
            }
            return await group.reduce(into: []) { found, next in
                if let next { found.append(next) }
            }
        }
    }

    /// Sends the request and waits for the first answer. Where requests are a stream, it goes twice: a second message has
    /// rules of its own.
    private func call(
        _ method: RPCMethod, _ bytes: [UInt8], _ caller: Caller
    ) async throws(RPCError) {
        let request = RawMessage(bytes: bytes)
        if method.kind == .unary {
            let _: RawMessage = try await caller.channel.unary(
                method, request, options: Self.options)
            return
        }
        let sends = method.kind.requestsStream
        let stream = try await caller.channel.open(
            method, request: sends ? nil : request, options: Self.options)
        defer { stream.cancel() }
        if sends {
            for _ in 0..<2 { try await stream.send(request) }
            stream.finish()
        }
        _ = try await stream.next(RawMessage.self)
    }

    private static var options: CallOptions {
        var options = CallOptions()
        options.idempotencyKey = .random()
        options.timeout = .seconds(60)
        return options
    }

    private func complaint(
        _ method: RPCMethod, _ request: (name: String, bytes: [UInt8]), _ caller: Caller
    ) async -> String? {
        let cell = "\(method.name) of \(caller.name), \(request.name)"
        do throws(RPCError) {
            // A list, or an object of the caller's own: whether it changed anything is seen in the tables.
            try await call(method, request.bytes, caller)
            return nil
        } catch {
            if Self.isPersonal(error.message) { return "\(cell): tells \(error.message)" }
            switch error.code {
            case .invalidArgument, .notFound, .alreadyExists, .permissionDenied,
                .failedPrecondition, .aborted, .unauthenticated, .resourceExhausted, .outOfRange:
                return error.message.isEmpty ? "\(cell): \(error.code) without a word" : nil
            default: return "\(cell): \(error.code) \(error.message)"
            }
        }
    }

    private static func isPersonal(_ text: String) -> Bool {
        text.contains(idNumber) || text.contains(phone)
    }

    /// Every table's rows as text.
    private static func contents(of database: Database) throws -> [String: String] {
        try database.read { rows in
            let tables = try rows.rows(
                Statement("SELECT name FROM sqlite_master WHERE type = 'table'"), limit: 1_000
            ).map { try $0.text("name") }
            var contents: [String: String] = [:]
            for table in tables where !besides.contains(table) {
                contents[table] = try rows.rows(
                    Statement("SELECT * FROM \(table)"), limit: 100_000
                ).map { row in
                    (0..<row.count).map { "\(row[$0])" }.joined(separator: "|")
                }.sorted().joined(separator: "\n")
            }
            return contents
        }
    }
}

// MARK: - Bytes

extension BadInput {
    /// Empty, no protobuf at all, too much, the wrong type, and other people's ids, in whichever field.
    private func hostileRequests() -> [(name: String, bytes: [UInt8])] {
        var requests: [(String, [UInt8])] = [
            ("empty", []),
            ("garbage", (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }),
            ("a field cut off", [0x0A, 0x7F, 0x41]),
            ("an endless number", Array(repeating: 0xFF, count: 16)),
        ]
        let long = Self.text(String(repeating: "长", count: 40_000))
        let person = Self.text(Self.idNumber + Self.phone)
        for field in 1...Self.mostFields {
            requests += [
                ("\(field) is long", Self.key(field, 2) + long),
                ("\(field) is many", Self.many(field)),
                ("\(field) is no text", Self.key(field, 2) + [3, 0xFF, 0xFE, 0x80]),
                ("\(field) is the greatest number", Self.key(field, 0) + Self.greatest),
                (
                    "\(field) is a fixed number",
                    Self.key(field, 1) + Array(repeating: 0xFF, count: 8)
                ),
                ("\(field) is personal", Self.key(field, 2) + person),
            ]
        }
        for (n, id) in ids.enumerated() {
            for version in [1, 2, 3] as [UInt8] {
                requests.append(
                    ("object \(n) at \(version)", Self.key(1, 2) + Self.text(id) + [0x10, version]))
            }
        }
        // All fields at once are personal texts.
        requests.append(
            ("personal", (1...Self.mostFields).flatMap { Self.key($0, 2) + person }))
        return requests
    }

    private static func many(_ field: UInt8) -> [UInt8] {
        Array(repeatElement(key(field, 2) + [1, 0x78], count: 5_000).joined())
    }

    private static let greatest: [UInt8] = Array(repeating: 0xFF, count: 9) + [0x01]

    private static func key(_ field: UInt8, _ type: UInt64) -> [UInt8] {
        varint(UInt64(field) << 3 | type)
    }

    private static func text(_ text: String) -> [UInt8] {
        varint(UInt64(text.utf8.count)) + Array(text.utf8)
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// Bytes that claim to be any message.
package struct RawMessage: Message {
    package static let fullName = "test.Raw"
    package var bytes: [UInt8] = []

    package init() {}

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package init(decoding bytes: UnsafeRawBufferPointer) throws(MessageFault) {
        self.bytes = unsafe Array(bytes)
    }

    package func encode(
        reserving reserve: (_ byteCount: Int) throws(MessageFault) -> UnsafeMutableRawBufferPointer
    ) throws(MessageFault) {
        let lent = try unsafe reserve(bytes.count)
        unsafe lent.copyBytes(from: bytes)
    }
}
