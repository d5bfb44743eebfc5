/// Reads XML event by event, from pieces of UTF-8. It knows elements, attributes, text, CDATA and the five entities; comments and
/// instructions are passed over. A document type declaration is refused, so there are no entities to expand and none to fetch.
struct XMLPullReader {
    /// What comes next. Names are local: a prefix is dropped.
    enum Event: Hashable {
        case start(String)
        case end(String)
        /// In pieces: a text may come in several.
        case text
        /// The document is complete.
        case finished
    }

    /// Of the start that came last.
    private(set) var attributes: [(name: String, value: String)] = []
    /// Of the text event that came last.
    private(set) var text: [UInt8] = []

    private let archive: ZipArchive
    private var piece: [UInt8] = []
    private var position = 0
    private var open: [String] = []
    private var wasStarted = false
    /// The name of an element that ends where it starts.
    private var selfClosed: String?
    private var scratch: [UInt8] = []

    /// The most elements within each other.
    static let deepest = 64
    /// The most bytes of a name.
    static let longestName = 200
    /// The most bytes of an attribute's value, and of one text event.
    static let longestValue = 16 << 10
    /// The most attributes of an element.
    static let mostAttributes = 100

    /// Reads the part that is open in the archive.
    init(_ archive: ZipArchive) { self.archive = archive }

    /// - Throws: `malformed`; limits of the archive.
    mutating func next() throws(SpreadsheetError) -> Event {
        if let name = selfClosed {
            selfClosed = nil
            return .end(name)
        }
        while true {
            guard let byte = try peek() else {
                guard open.isEmpty, wasStarted else { throw Self.broken }
                return .finished
            }
            if byte != UInt8(ascii: "<") {
                if try readText() { return .text }
                continue
            }
            position += 1
            if let event = try readMarkup() { return event }
        }
    }

    /// The value of an attribute of the start that came last.
    func attribute(_ name: String) -> String? {
        attributes.first { $0.name == name }?.value
    }

    /// Passes over all that is left of the element that started last.
    mutating func skipElement() throws(SpreadsheetError) {
        var depth = 1
        while depth > 0 {
            switch try next() {
            case .start: depth += 1
            case .end: depth -= 1
            case .text: break
            case .finished: throw Self.broken
            }
        }
    }

    // MARK: bytes

    private mutating func peek() throws(SpreadsheetError) -> UInt8? {
        while position == piece.count {
            guard let more = try archive.next() else { return nil }
            let isFirst = piece.isEmpty
            piece = more
            position = 0
            // The byte order mark.
            if isFirst, piece.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        }
        return piece[position]
    }

    private mutating func take() throws(SpreadsheetError) -> UInt8 {
        guard let byte = try peek() else { throw Self.broken }
        position += 1
        return byte
    }

    private mutating func expect(_ bytes: StaticString) throws(SpreadsheetError) {
        for byte in bytes.description.utf8 where try take() != byte { throw Self.broken }
    }

    private mutating func skipBlanks() throws(SpreadsheetError) {
        while let byte = try peek(), Self.isBlank(byte) { position += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    // MARK: text

    /// Up to the next markup, or as much as one event may have. False for blanks outside of the document's element.
    private mutating func readText() throws(SpreadsheetError) -> Bool {
        text.removeAll(keepingCapacity: true)
        while text.count < Self.longestValue, let byte = try peek(), byte != UInt8(ascii: "<") {
            position += 1
            if byte == UInt8(ascii: "&") {
                try readEntity()
            } else if byte != 0x0D {
                // Line ends come as CRLF or LF.
                text.append(byte)
            }
        }
        guard open.isEmpty else { return true }
        guard text.allSatisfy(Self.isBlank) else { throw Self.broken }
        return false
    }

    /// What follows "&", into `text`.
    private mutating func readEntity() throws(SpreadsheetError) {
        var name: [UInt8] = []
        while true {
            let byte = try take()
            if byte == UInt8(ascii: ";") { break }
            guard name.count < 10 else { throw Self.broken }
            name.append(byte)
        }
        switch String(decoding: name, as: UTF8.self) {
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "amp": text.append(UInt8(ascii: "&"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        case let number where number.hasPrefix("#x"):
            try append(scalar: UInt32(number.dropFirst(2), radix: 16))
        case let number where number.hasPrefix("#"):
            try append(scalar: UInt32(number.dropFirst()))
        default: throw Self.broken
        }
    }

    private mutating func append(scalar value: UInt32?) throws(SpreadsheetError) {
        guard let value, value != 0, let scalar = Unicode.Scalar(value) else { throw Self.broken }
        text += Array(String(Character(scalar)).utf8)
    }

    // MARK: markup

    /// What follows "<"; nil for what is passed over.
    private mutating func readMarkup() throws(SpreadsheetError) -> Event? {
        guard let byte = try peek() else { throw Self.broken }
        switch byte {
        case UInt8(ascii: "/"):
            position += 1
            let name = try readName()
            try skipBlanks()
            try expect(">")
            guard open.popLast() == name else { throw Self.broken }
            return .end(Self.local(name))
        case UInt8(ascii: "?"):
            try readInstruction()
            return nil
        case UInt8(ascii: "!"):
            position += 1
            if try peek() == UInt8(ascii: "-") {
                try expect("--")
                try skip(past: "-->")
                return nil
            }
            // All that may be here besides is CDATA; a document type is not.
            guard try peek() == UInt8(ascii: "["), !open.isEmpty else { throw Self.broken }
            try expect("[CDATA[")
            try readCDATA()
            return .text
        default:
            return try readStart()
        }
    }

    /// "<?xml …?>" and others. An encoding other than UTF-8 is refused.
    private mutating func readInstruction() throws(SpreadsheetError) {
        scratch.removeAll(keepingCapacity: true)
        repeat {
            guard scratch.count < 1_000 else { throw Self.broken }
            scratch.append(try take())
        } while !scratch.suffix(2).elementsEqual("?>".utf8)
        let instruction = String(decoding: scratch, as: UTF8.self).lowercased()
        if instruction.hasPrefix("?xml "), let encoding = instruction.firstRange(of: "encoding") {
            let named = instruction[encoding.upperBound...]
            guard named.contains("utf-8") || named.contains("utf8") else {
                throw SpreadsheetError(.malformed, "工作簿不是 UTF-8 编码")
            }
        }
    }

    private mutating func readCDATA() throws(SpreadsheetError) {
        text.removeAll(keepingCapacity: true)
        while true {
            text.append(try take())
            if text.suffix(3).elementsEqual("]]>".utf8) {
                text.removeLast(3)
                return
            }
            guard text.count < 4 * Self.longestValue else { throw Self.broken }
        }
    }

    private mutating func skip(past mark: StaticString) throws(SpreadsheetError) {
        let mark = Array(mark.description.utf8)
        var last: [UInt8] = []
        while last != mark {
            last.append(try take())
            if last.count > mark.count { last.removeFirst() }
        }
    }

    private mutating func readStart() throws(SpreadsheetError) -> Event {
        guard !wasStarted || !open.isEmpty, open.count < Self.deepest else { throw Self.broken }
        let name = try readName()
        wasStarted = true
        attributes.removeAll(keepingCapacity: true)
        while true {
            try skipBlanks()
            let byte = try peek()
            if byte == UInt8(ascii: ">") {
                position += 1
                open.append(name)
                return .start(Self.local(name))
            }
            if byte == UInt8(ascii: "/") {
                position += 1
                try expect(">")
                selfClosed = Self.local(name)
                return .start(Self.local(name))
            }
            guard attributes.count < Self.mostAttributes else { throw Self.broken }
            let key = try readName()
            try skipBlanks()
            try expect("=")
            try skipBlanks()
            attributes.append((Self.local(key), try readValue()))
        }
    }

    private mutating func readValue() throws(SpreadsheetError) -> String {
        let quote = try take()
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw Self.broken }
        text.removeAll(keepingCapacity: true)
        while true {
            let byte = try take()
            if byte == quote { break }
            guard byte != UInt8(ascii: "<"), text.count < Self.longestValue else {
                throw Self.broken
            }
            if byte == UInt8(ascii: "&") { try readEntity() } else { text.append(byte) }
        }
        guard let value = String(validating: text, as: UTF8.self) else { throw Self.broken }
        return value
    }

    private mutating func readName() throws(SpreadsheetError) -> String {
        scratch.removeAll(keepingCapacity: true)
        while let byte = try peek(), Self.isOfName(byte) {
            guard scratch.count < Self.longestName else { throw Self.broken }
            scratch.append(byte)
            position += 1
        }
        guard !scratch.isEmpty, let name = String(validating: scratch, as: UTF8.self) else {
            throw Self.broken
        }
        return name
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "_"),
            UInt8(ascii: "-"), UInt8(ascii: "."), 0x80...:
            true
        default: false
        }
    }

    private static func local(_ name: String) -> String {
        guard let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else { return name }
        return String(name[name.utf8.index(after: colon)...])
    }

    private static let broken = SpreadsheetError(.malformed, "工作簿的内容已损坏，请重新保存后再导入")
}
