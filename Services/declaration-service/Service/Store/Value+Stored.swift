import MessageCoding
import Storage

extension Value {
    static func optional(_ text: String?) -> Value { text.map { .text($0) } ?? .null }

    static func optional(_ number: Int64?) -> Value { number.map { .integer($0) } ?? .null }

    /// A message's bytes. One that cannot be packed (longer than 2 GiB) cannot occur here.
    static func message(_ message: some Message) -> Value {
        .blob((try? message.encodedBytes()) ?? [])
    }
}
