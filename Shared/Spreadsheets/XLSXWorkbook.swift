import Domain

/// What of an .xlsx file is needed to read the cells of its first sheet.
struct XLSXWorkbook {
    /// The part with the sheet's rows.
    let sheetPart: String
    /// For each cell style, whether it shows a number as a date.
    let showsDays: [Bool]
    let texts: SharedTexts
    /// Whether days are counted from 1904 instead of 1900.
    private let from1904: Bool

    init(_ archive: ZipArchive, _ limits: SpreadsheetLimits) throws(SpreadsheetError) {
        let root = try Self.relations(archive, of: "")
        let book = root.first { $0.kind == "officeDocument" }?.target ?? "xl/workbook.xml"
        let relations = try Self.relations(archive, of: book)
        let (sheetID, from1904) = try Self.firstSheet(archive, book)
        guard let sheet = relations.first(where: { $0.id == sheetID }), sheet.kind == "worksheet",
            archive.contains(sheet.target)
        else { throw SpreadsheetError(.notSpreadsheet, "工作簿里没有工作表") }
        sheetPart = sheet.target
        self.from1904 = from1904
        showsDays = try Self.styles(
            archive, relations.first { $0.kind == "styles" }?.target ?? "xl/styles.xml")
        texts = try SharedTexts(
            archive,
            relations.first { $0.kind == "sharedStrings" }?.target ?? "xl/sharedStrings.xml",
            limits)
    }

    /// The day of a serial number; nil when it is none.
    func day(serial: Double) -> CivilDay? {
        guard serial >= 0, serial < 3_000_000 else { return nil }
        let days = Int(serial)
        if from1904 {
            return try? CivilDay(year: 1904, month: 1, day: 1).adding(days: days)
        }
        // Excel has a day 60 that never was: 1900-02-29.
        guard days >= 1, days != 60 else { return nil }
        return try? CivilDay(year: 1900, month: 1, day: 1).adding(
            days: days > 60 ? days - 2 : days - 1)
    }

    // MARK: parts

    private struct Relation {
        let id: String
        /// The last word of its type.
        let kind: String
        /// From the archive's root.
        let target: String
    }

    /// The relations of a part; of the archive itself for "".
    private static func relations(
        _ archive: ZipArchive, of part: String
    ) throws(SpreadsheetError) -> [Relation] {
        let folder = part.split(separator: "/").dropLast().map(String.init)
        let name = part.split(separator: "/").last ?? ""
        guard try archive.open((folder + ["_rels", "\(name).rels"]).joined(separator: "/")) else {
            return []
        }
        var reader = XMLPullReader(archive)
        var relations: [Relation] = []
        while true {
            switch try reader.next() {
            case .start("Relationship"):
                guard relations.count < 10_000 else { return relations }
                let target = reader.attribute("Target") ?? ""
                relations.append(
                    Relation(
                        id: reader.attribute("Id") ?? "",
                        kind: (reader.attribute("Type") ?? "").split(separator: "/").last
                            .map(String.init) ?? "",
                        target: path(target, from: target.hasPrefix("/") ? [] : folder)))
            case .finished: return relations
            default: break
            }
        }
    }

    /// "../styles.xml" from a folder.
    private static func path(_ target: String, from folder: [String]) -> String {
        var parts = folder
        for part in target.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }

    private static func firstSheet(
        _ archive: ZipArchive, _ book: String
    ) throws(SpreadsheetError) -> (relation: String, from1904: Bool) {
        guard try archive.open(book) else {
            throw SpreadsheetError(.notSpreadsheet, "这不是 .xlsx 工作簿")
        }
        var reader = XMLPullReader(archive)
        var sheet: String?
        var from1904 = false
        while true {
            switch try reader.next() {
            case .start("workbookPr"):
                from1904 = ["1", "true"].contains(reader.attribute("date1904"))
            case .start("sheet"):
                // r:id; the sheet's own number is sheetId.
                sheet = sheet ?? reader.attribute("id")
            case .finished: return (sheet ?? "", from1904)
            default: break
            }
        }
    }

    /// Which cell styles show days.
    private static func styles(
        _ archive: ZipArchive, _ part: String
    ) throws(SpreadsheetError) -> [Bool] {
        guard try archive.open(part) else { return [] }
        var reader = XMLPullReader(archive)
        var ownFormats: [Int: Bool] = [:]
        var styles: [Bool] = []
        var isWithin = false
        while true {
            switch try reader.next() {
            case .start("numFmt"):
                if let id = Int(reader.attribute("numFmtId") ?? ""), ownFormats.count < 10_000 {
                    ownFormats[id] = isDay(reader.attribute("formatCode") ?? "")
                }
            case .start("cellXfs"): isWithin = true
            case .end("cellXfs"): isWithin = false
            case .start("xf") where isWithin:
                let id = Int(reader.attribute("numFmtId") ?? "") ?? 0
                guard styles.count < 100_000 else { return styles }
                styles.append(ownFormats[id] ?? isBuiltInDay(id))
            case .finished: return styles
            default: break
            }
        }
    }

    /// The formats that need no code (ECMA-376, 18.8.30), those of Chinese Excel too.
    private static func isBuiltInDay(_ id: Int) -> Bool {
        (14...17).contains(id) || id == 22 || (27...31).contains(id) || id == 36
            || (50...54).contains(id) || (57...58).contains(id)
    }

    /// Whether a format's code has a year or a day outside of quotes and brackets.
    static func isDay(_ code: String) -> Bool {
        var closing: Character?
        var isEscaped = false
        for character in code.lowercased() {
            if isEscaped {
                isEscaped = false
            } else if let end = closing {
                if character == end { closing = nil }
            } else {
                switch character {
                case "\\", "_", "*": isEscaped = true
                case "\"": closing = "\""
                case "[": closing = "]"
                case "y", "d": return true
                default: break
                }
            }
        }
        return false
    }
}

/// The texts that cells share, packed: one run of bytes, and where each text ends.
struct SharedTexts {
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []

    var count: Int { ends.count }

    subscript(index: Int) -> String? {
        guard ends.indices.contains(index) else { return nil }
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return String(decoding: bytes[start..<Int(ends[index])], as: UTF8.self)
    }

    /// None when the archive has no such part.
    init(
        _ archive: ZipArchive, _ part: String, _ limits: SpreadsheetLimits
    ) throws(SpreadsheetError) {
        guard try archive.open(part) else { return }
        var reader = XMLPullReader(archive)
        while true {
            switch try reader.next() {
            case .start("si"):
                var raw: [UInt8] = []
                try reader.appendTexts(to: &raw, until: "si", most: limits.cellBytes)
                guard let text = text(raw, limits) else {
                    throw SpreadsheetError(.malformed, "文字编码有误")
                }
                guard bytes.count + raw.count <= limits.sharedTextBytes, ends.count < 4_000_000
                else {
                    throw SpreadsheetError(.tooLarge, "文字内容最多 \(limits.sharedTextBytes) 字节")
                }
                bytes += Array(text.utf8)
                ends.append(UInt32(bytes.count))
            case .finished: return
            default: break
            }
        }
    }
}

extension XMLPullReader {
    /// Adds what the `t` elements hold, up to the end of the element; readings (`rPh`) are no text.
    /// - Parameter most: further bytes are passed over.
    mutating func appendTexts(
        to target: inout [UInt8], until element: String, most: Int
    ) throws(SpreadsheetError) {
        var isText = false
        while true {
            switch try next() {
            case .start("t"): isText = true
            case .end("t"): isText = false
            case .start("rPh"): try skipElement()
            case .text:
                if isText, target.count < most { target += text }
            case .end(element), .finished: return
            default: break
            }
        }
    }
}

extension SpreadsheetLimits {
    /// The bytes of a cell that are kept: enough to see that it is too long.
    var cellBytes: Int { 4 * (cellCharacters + 1) }
}

/// The text of a cell's bytes, escapes undone; nil when they are no UTF-8. What was cut at `cellBytes` is too long, not broken.
func text(_ bytes: [UInt8], _ limits: SpreadsheetLimits) -> String? {
    let plain = unescaped(bytes)
    return String(validating: plain, as: UTF8.self)
        ?? (bytes.count >= limits.cellBytes ? String(decoding: plain, as: UTF8.self) : nil)
}

/// Escapes as the characters that they stand for: "_x000D_" is a return (ECMA-376, 22.4.2.4).
private func unescaped(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(UInt8(ascii: "_")) else { return bytes }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
        if bytes[index] == UInt8(ascii: "_"), let value = escapedScalar(bytes[index...]),
            let scalar = Unicode.Scalar(value)
        {
            result += Array(String(Character(scalar)).utf8)
            index += 7
        } else {
            result.append(bytes[index])
            index += 1
        }
    }
    return result
}
