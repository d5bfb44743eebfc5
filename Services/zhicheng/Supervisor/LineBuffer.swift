/// Cuts bytes into lines, of bounded length.
struct LineBuffer {
    /// The most bytes of a line that are kept; the rest of the line is dropped.
    static let mostBytes = 8_192

    private var pending: [UInt8] = []
    private var isCut = false

    /// The lines that these bytes complete.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(take())
            } else if pending.count < Self.mostBytes {
                pending.append(byte)
            } else {
                isCut = true
            }
        }
        return lines
    }

    /// What was left without a line break at the end.
    mutating func finish() -> String? {
        pending.isEmpty ? nil : take()
    }

    private mutating func take() -> String {
        if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
        let line = String(decoding: pending, as: UTF8.self) + (isCut ? "…" : "")
        pending.removeAll(keepingCapacity: true)
        isCut = false
        return line
    }
}
