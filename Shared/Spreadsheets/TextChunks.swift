#if canImport(Glibc)
    import Glibc
#endif

/// A text file's bytes as UTF-8, a piece at a time; a file that is no UTF-8 is read as GB18030.
final class TextChunks {
    private let file: FileChunks
    /// Nil for UTF-8.
    private let converter: GB18030Converter?
    private var isFirst = true

    /// Reads the file once to see how it is encoded.
    init(path: String, limits: SpreadsheetLimits) throws(SpreadsheetError) {
        var check = UTF8Check()
        let first = try FileChunks(path: path, limit: limits.fileBytes)
        var isStart = true
        while let piece = try first.next() {
            if isStart, piece.starts(with: [0xFF, 0xFE]) || piece.starts(with: [0xFE, 0xFF]) {
                throw SpreadsheetError(.notSpreadsheet, "不支持 UTF-16 编码，请另存为 CSV UTF-8 或 .xlsx")
            }
            guard !piece.contains(0) else {
                throw SpreadsheetError(.notSpreadsheet, "这不是 .xlsx 或 CSV 文件")
            }
            isStart = false
            check.add(piece)
            if !check.isValid { break }
        }
        converter = check.finish() ? nil : try GB18030Converter()
        file = try FileChunks(path: path, limit: limits.fileBytes)
    }

    /// The next piece; nil at the end.
    func next() throws(SpreadsheetError) -> [UInt8]? {
        guard let piece = try file.next() else {
            try converter?.finish()
            return nil
        }
        guard let converter else {
            defer { isFirst = false }
            return isFirst && piece.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(piece[3...]) : piece
        }
        return try converter.convert(piece)
    }
}

/// Whether bytes are UTF-8, a piece at a time.
struct UTF8Check {
    private(set) var isValid = true
    /// The beginning of a character whose end is in the next piece.
    private var rest: [UInt8] = []

    mutating func add(_ piece: [UInt8]) {
        let bytes = rest + piece
        var end = bytes.count
        // At most three bytes of a character are without its end.
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 != 0x80 {
                let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
                if length > back { end = bytes.count - back }
                break
            }
        }
        rest = Array(bytes[end...])
        isValid = isValid && String(validating: bytes[..<end], as: UTF8.self) != nil
    }

    /// Whether all of it was.
    func finish() -> Bool { isValid && rest.isEmpty }
}

/// GB18030, what Excel and WPS write as "CSV" on Chinese Windows, into UTF-8 by iconv.
@safe final class GB18030Converter {
    private let handle: iconv_t
    private var rest: [UInt8] = []

    init() throws(SpreadsheetError) {
        // iconv_open says -1 for a failure.
        guard let handle = unsafe iconv_open("UTF-8", "GB18030"), Int(bitPattern: handle) != -1
        else { throw SpreadsheetError(.unreadable, "本机不支持 GB18030 编码，请另存为 CSV UTF-8") }
        unsafe self.handle = handle
    }

    deinit { _ = unsafe iconv_close(handle) }

    func convert(_ piece: [UInt8]) throws(SpreadsheetError) -> [UInt8] {
        var input = rest + piece
        // A GB18030 character of two bytes has at most three in UTF-8.
        let room = input.count * 2 + 16
        var used = 0
        var failure: Int32 = 0
        let output = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            unsafe input.withUnsafeMutableBytes { bytes in
                var from = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                var left = bytes.count
                unsafe buffer.withMemoryRebound(to: CChar.self) { target in
                    var to = target.baseAddress
                    var free = room
                    if unsafe iconv(handle, &from, &left, &to, &free) == -1 {
                        failure = errno
                    }
                    count = room - free
                }
                used = bytes.count - left
            }
        }
        rest = Array(input[used...])
        // EINVAL: a character goes on in the next piece.
        guard failure == 0 || failure == EINVAL, rest.count < 8 else { throw Self.broken }
        return output
    }

    func finish() throws(SpreadsheetError) {
        guard rest.isEmpty else { throw Self.broken }
    }

    private static let broken = SpreadsheetError(
        .malformed, "文件编码无法识别：既不是 UTF-8，也不是 GB18030")
}
