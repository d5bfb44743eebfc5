import MessageCoding
import Messages
import RPC
import ServiceRuntime

/// A row of a list as its source packed it: the task centre reads where it stands, and passes it on.
struct TaskRow: Sendable, Hashable {
    let place: PageCursor
    /// A packed ``Tasks/Task``.
    private(set) var body: [UInt8]

    init(_ task: Tasks.Task) throws(MessageFault) {
        self.init(place: task.place, body: try task.encodedBytes())
    }

    init(place: PageCursor, body: [UInt8]) {
        self.place = place
        self.body = body
    }

    /// Sets fields of the task: a message's fields may stand one after the other, and the last one counts.
    /// - Parameter fields: a packed task in which nothing else is set.
    mutating func set(_ fields: [UInt8]) { body += fields }

    // Bytes at once: an array's own way is number by number.
    func hash(into hasher: inout Hasher) {
        unsafe body.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}

/// A ``Tasks/ListTasksReply`` whose rows stay packed. Most of a page's work would be to unpack and pack them again.
struct TaskRows: Message {
    static var fullName: String { Tasks.ListTasksReply.fullName }

    var tasks: [TaskRow] = []
    var nextCursor: [UInt8] = []
    var unavailable: [Tasks.SourceState] = []

    /// The fields' numbers in tasks.proto.
    private enum Field {
        static let tasks = 1
        static let nextCursor = 2
        static let unavailable = 3
        /// Of a task.
        static let id = 1
        static let sort = 9
    }

    func encode(
        reserving reserve: (_ byteCount: Int) throws(MessageFault) -> UnsafeMutableRawBufferPointer
    ) throws(MessageFault) {
        let rest = try Tasks.ListTasksReply(nextCursor: nextCursor, unavailable: unavailable)
            .encodedBytes()
        var size = WireSink.counting
        write(to: &size, rest)
        var sink = unsafe WireSink(into: try reserve(size.count))
        write(to: &sink, rest)
    }

    private func write(to sink: inout WireSink, _ rest: [UInt8]) {
        for row in tasks { sink.bytes(Field.tasks, row.body) }
        sink.fields(rest)
    }

    init() {}

    init(tasks: [TaskRow], nextCursor: [UInt8], unavailable: [Tasks.SourceState]) {
        self.tasks = tasks
        self.nextCursor = nextCursor
        self.unavailable = unavailable
    }

    /// Of the rows' fields only the places are looked at: what a source packs wrongly elsewhere is found by the list's reader.
    init(decoding bytes: UnsafeRawBufferPointer) throws(MessageFault) {
        var states: [[UInt8]] = []
        do throws(WireFault) {
            var reader = unsafe WireReader(bytes, 0..<bytes.count)
            while let field = try reader.nextField() {
                switch field.number {
                case Field.tasks:
                    tasks.append(unsafe try Self.row(bytes, at: try reader.range(field)))
                case Field.nextCursor: nextCursor = try reader.bytes(field)
                case Field.unavailable: states.append(try reader.bytes(field))
                default: try reader.skip(field)
                }
            }
        } catch {
            throw MessageFault(.malformed, "\(bytes.count) bytes are no \(Self.fullName): \(error)")
        }
        for state in states { unavailable.append(try Tasks.SourceState(decoding: state)) }
    }

    private static func row(
        _ bytes: UnsafeRawBufferPointer, at range: Range<Int>
    ) throws(WireFault) -> TaskRow {
        var reader = unsafe WireReader(bytes, range)
        var (sort, id) = (Int64(0), "")
        while let field = try reader.nextField() {
            switch field.number {
            case Field.id: id = try reader.text(field, most: TaskSources.longestTaskID)
            case Field.sort: sort = Int64(bitPattern: try reader.uint64(field))
            default: try reader.skip(field)
            }
        }
        return TaskRow(place: PageCursor(sort: sort, id: id), body: unsafe [UInt8](bytes[range]))
    }
}
