/// The source with comments and the contents of string literals replaced by spaces, line by line, so
/// that a search finds code only. Code inside an interpolation is blanked with its string.
func blanked(_ source: String) -> String {
    var scanner = SourceScanner(Array(source.utf8))
    scanner.run()
    return String(decoding: scanner.output, as: UTF8.self)
}

/// Walks over Swift source and keeps what is code.
private struct SourceScanner {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var output: [UInt8] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        output.reserveCapacity(bytes.count)
    }

    mutating func run() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "/") where looking(at: "//"): lineComment()
            case UInt8(ascii: "/") where looking(at: "/*"): blockComment()
            case UInt8(ascii: "#"), UInt8(ascii: "\""):
                if let hashes = openingHashes() { string(hashes: hashes) } else { keepOne() }
            default: keepOne()
            }
        }
    }

    private mutating func keepOne() {
        output.append(bytes[position])
        position += 1
    }

    private func looking(at text: StaticString, from start: Int? = nil) -> Bool {
        let start = start ?? position
        let wanted = Array("\(text)".utf8)
        return start + wanted.count <= bytes.count
            && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
    }

    /// The number of `#` before a string literal that begins here.
    private func openingHashes() -> Int? {
        var index = position
        while index < bytes.count, bytes[index] == UInt8(ascii: "#") { index += 1 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
        return index - position
    }

    private mutating func blankOne() {
        guard position < bytes.count else { return }
        let byte = bytes[position]
        output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
        position += 1
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count { blankOne() }
    }

    private mutating func lineComment() {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { blankOne() }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if looking(at: "/*") {
                depth += 1
                blank(2)
            } else if looking(at: "*/") {
                depth -= 1
                blank(2)
            } else {
                blankOne()
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func string(hashes: Int) {
        let isLong = looking(at: "\"\"\"", from: position + hashes)
        let quotes = isLong ? 3 : 1
        blank(hashes + quotes)
        while position < bytes.count {
            if closes(quotes: quotes, hashes: hashes) {
                blank(quotes + hashes)
                return
            }
            if bytes[position] == UInt8(ascii: "\\"), escapes(hashes: hashes) {
                blank(1 + hashes)
                if position < bytes.count, bytes[position] == UInt8(ascii: "(") {
                    interpolation()
                } else {
                    blankOne()
                }
                continue
            }
            if !isLong, bytes[position] == UInt8(ascii: "\n") { return }
            blankOne()
        }
    }

    /// The parentheses of an interpolation, which may hold strings of their own.
    private mutating func interpolation() {
        var depth = 0
        repeat {
            if let hashes = openingHashes() {
                string(hashes: hashes)
                continue
            }
            if bytes[position] == UInt8(ascii: "(") { depth += 1 }
            if bytes[position] == UInt8(ascii: ")") { depth -= 1 }
            blankOne()
        } while depth > 0 && position < bytes.count
    }

    private func closes(quotes: Int, hashes: Int) -> Bool {
        guard position + quotes + hashes <= bytes.count else { return false }
        let end = bytes[position..<(position + quotes + hashes)]
        return end.prefix(quotes).allSatisfy { $0 == UInt8(ascii: "\"") }
            && end.suffix(hashes).allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private func escapes(hashes: Int) -> Bool {
        let end = position + 1 + hashes
        return end <= bytes.count
            && bytes[(position + 1)..<end].allSatisfy { $0 == UInt8(ascii: "#") }
    }
}
