import Domain
import Messages

/// 公示证明 of a notice that ended, as a plain PDF: text in pages, in a font that every reader has for Chinese.
enum NoticeProof {
    static let fileName = "公示证明.pdf"

    static func pdf(of notice: StoredNotice, unit: String, closedOn day: CivilDay) -> [UInt8] {
        PlainPDF.bytes(lines: lines(of: notice, unit: unit, closedOn: day))
    }

    private static func lines(
        of notice: StoredNotice, unit: String, closedOn day: CivilDay
    ) -> [String] {
        var lines = [
            "公示证明", "",
            "公示单位：\(unit)",
            "公示时间：\(notice.openedDay) 至 \(notice.untilDay)（不少于 5 个工作日）", "",
        ]
        lines += notice.content.map { "\($0.label)：\($0.value)" }
        lines.append("")
        if notice.objections.isEmpty { lines.append("公示期间没有收到异议。") }
        for (index, objection) in notice.objections.enumerated() {
            lines.append("异议 \(index + 1)：\(objection.text)")
            lines.append("处理结果：\(objection.resolution)（\(objection.resolvedByName)）")
        }
        lines += ["", "经办人：\(notice.openedByName)", "出具日期：\(day)"]
        return lines.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
            .map(String.init)
    }
}

/// A PDF of text lines and nothing else (PDF 1.4; a font of Adobe-GB1 that readers bring along).
enum PlainPDF {
    /// Characters of a line, lines of a page.
    private static let width = 38
    private static let height = 40

    static func bytes(lines: [String]) -> [UInt8] {
        let pages = chunks(lines.flatMap(wrapped), of: height)
        var objects = [
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Count \(pages.count)/Kids["
                + pages.indices.map { "\(5 + 2 * $0) 0 R" }.joined(separator: " ") + "]>>",
            "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H"
                + "/DescendantFonts[4 0 R]>>",
            "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000"
                + "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>",
        ]
        for (index, page) in pages.enumerated() {
            objects.append(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents \(6 + 2 * index) 0 R"
                    + "/Resources<</Font<</F 3 0 R>>>>>>")
            let text =
                "BT /F 12 Tf 18 TL 60 780 Td\n"
                + page.map { "<\(hexadecimal($0))> Tj T*\n" }.joined() + "ET"
            objects.append("<</Length \(text.utf8.count)>>stream\n\(text)\nendstream")
        }
        return file(objects)
    }

    private static func file(_ objects: [String]) -> [UInt8] {
        var text = "%PDF-1.4\n"
        var places: [Int] = []
        for (index, object) in objects.enumerated() {
            places.append(text.utf8.count)
            text += "\(index + 1) 0 obj\(object)endobj\n"
        }
        let table = text.utf8.count
        text += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for place in places {
            let digits = String(place)
            text += String(repeating: "0", count: 10 - digits.utf8.count) + digits + " 00000 n \n"
        }
        text += "trailer<</Size \(objects.count + 1)/Root 1 0 R>>\nstartxref\n\(table)\n%%EOF\n"
        return Array(text.utf8)
    }

    /// UTF-16, big end first. What lies outside of its first plane has no character in the font.
    private static func hexadecimal(_ line: String) -> String {
        line.unicodeScalars.map { scalar in
            let value = scalar.value <= 0xFFFF ? scalar.value : 0x3013
            let digits = String(value, radix: 16, uppercase: true)
            return String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }.joined()
    }

    private static func wrapped(_ line: String) -> [String] {
        line.isEmpty ? [""] : chunks(Array(line), of: width).map { String($0) }
    }

    private static func chunks<Element>(_ all: [Element], of size: Int) -> [[Element]] {
        stride(from: 0, to: all.count, by: size).map {
            Array(all[$0..<min($0 + size, all.count)])
        }
    }
}
