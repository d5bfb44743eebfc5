import MessageCoding
package import Messages
import ServiceRuntime
package import Storage

extension Database {
    /// Everything that was announced to the task centre, in its order.
    package func announcements() throws -> [Tasks.PostRequest] {
        try read { rows in
            try rows.rows(
                Statement(
                    "SELECT payload FROM outbox WHERE destination = ? ORDER BY sequence",
                    [.text(Announcement.destination)]), limit: 10_000
            ).map { try Tasks.PostRequest(decoding: $0.blob("payload")) }
        }
    }
}

extension Tasks.PostRequest {
    /// "person:…", "unit:…".
    package var told: [String] { recipients.map { "\($0.kind):\($0.id)" } }

    /// Whether it says something to people, without anything that looks like a personal number.
    package var isWorded: Bool {
        let digits = text.split { !$0.isASCII || !($0.isNumber || $0 == "X") }.map(\.count).max()
        return !title.isEmpty && title.count <= 100 && !text.isEmpty && text.count <= 500
            && (digits ?? 0) < 11
    }
}
