import MessageCoding
import Messages

extension Archive.ReadApprovedReply {
    /// What fits into one frame, an item at least; what does not is named, and asked for next.
    /// - Parameter room: bytes for the items.
    init(
        _ items: [Archive.Item], missing: [String], room: Int = (4 << 20) - (64 << 10)
    ) throws {
        self.init(missing: missing)
        var room = room
        for item in items {
            // Once one is left out, all that follow are: the order stays the archive's.
            room = rest.isEmpty ? room - (try item.encodedBytes().count + 8) : -1
            if room >= 0 || self.items.isEmpty {
                self.items.append(item)
            } else {
                rest.append(item.id)
            }
        }
    }
}
