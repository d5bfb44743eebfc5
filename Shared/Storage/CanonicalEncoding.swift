/// Bytes with one meaning: each part with its length (8 bytes, little endian) before it.
struct CanonicalEncoding {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: Int64) {
        append(length: 8)
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func append(_ value: [UInt8]) {
        append(length: value.count)
        bytes.append(contentsOf: value)
    }

    mutating func append(_ value: String) {
        append(length: value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func append(_ pairs: [(String, String)]) {
        append(length: pairs.count)
        for (name, value) in pairs {
            append(name)
            append(value)
        }
    }

    private mutating func append(length: Int) {
        unsafe withUnsafeBytes(of: UInt64(length).littleEndian) {
            unsafe bytes.append(contentsOf: $0)
        }
    }
}

/// Reads what `CanonicalEncoding` wrote; anything else is damage.
struct CanonicalDecoding {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    mutating func integer() throws(StorageError) -> Int64 {
        let bytes = try self.bytes()
        guard bytes.count == 8 else { throw Self.damaged }
        return bytes.reversed().reduce(0) { $0 << 8 | Int64($1) }
    }

    mutating func bytes() throws(StorageError) -> [UInt8] {
        let count = try length()
        guard count <= rest.count else { throw Self.damaged }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func text() throws(StorageError) -> String {
        guard let text = String(validating: try bytes(), as: UTF8.self) else { throw Self.damaged }
        return text
    }

    mutating func pairs() throws(StorageError) -> [(String, String)] {
        // Each pair takes at least the two lengths.
        let count = try length()
        guard count <= rest.count / 16 else { throw Self.damaged }
        var pairs: [(String, String)] = []
        for _ in 0..<count { pairs.append((try text(), try text())) }
        return pairs
    }

    /// How many parts follow, of at least 8 bytes each.
    mutating func length() throws(StorageError) -> Int {
        guard rest.count >= 8 else { throw Self.damaged }
        let value = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(8)
        guard let length = Int(exactly: value) else { throw Self.damaged }
        return length
    }

    func finish() throws(StorageError) {
        guard rest.isEmpty else { throw Self.damaged }
    }

    private static let damaged = StorageError(.damaged, "stored bytes are not what was written")
}
