/// A table for a terminal. Chinese characters take two columns.
struct Table {
    let columns: [String]
    var rows: [[String]] = []

    init(_ columns: [String], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// The lines of the table: a header, a rule, the rows.
    var lines: [String] {
        var widths = columns.map(Self.width)
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], Self.width(cell))
            }
        }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (index, width) in widths.enumerated() {
                let cell = index < cells.count ? cells[index] : ""
                text += cell
                text += String(repeating: " ", count: width - Self.width(cell) + 2)
            }
            while text.last == " " { text.removeLast() }
            return text
        }
        return [
            line(columns), widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "),
        ]
            + rows.map(line)
    }

    /// Columns that the text takes in a terminal.
    static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
            0xA000...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            2
        case 0x0300...0x036F, 0x200B...0x200F, 0xFE00...0xFE0F: 0
        default: 1
        }
    }
}
