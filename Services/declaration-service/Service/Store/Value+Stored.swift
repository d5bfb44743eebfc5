import MessageCoding
import Storage

extension Value {
    /// A message's bytes. One that cannot be packed (longer than 2 GiB) cannot occur here.
    static func message(_ message: some Message) -> Value {
        .blob((try? message.encodedBytes()) ?? [])
    }
}
