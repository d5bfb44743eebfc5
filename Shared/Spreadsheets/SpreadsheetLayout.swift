/// How a spreadsheet is stored.
package enum SpreadsheetFormat: String, Sendable, Hashable, CaseIterable {
    case xlsx, csv

    /// The format that a file's name says; nil for another ending.
    package init?(fileName: String) {
        guard let ending = fileName.split(separator: ".").last, fileName.contains(".") else {
            return nil
        }
        self.init(rawValue: ending.lowercased())
    }
}

/// A column of what is written.
package struct SpreadsheetColumn: Sendable, Hashable {
    /// How its cells are kept.
    package enum Kind: Sendable, Hashable {
        /// As text whatever it looks like: ID numbers keep their digits, "=1+1" is no formula.
        case text
        /// As a number; what is none, or has more than 15 digits, stays text.
        case number
        /// "2022-04-19" as a date; what is none stays text.
        case day
    }

    /// The head.
    package let title: String
    package let kind: Kind
    /// What a cell's drop-down list offers; empty for none. Only .xlsx has it, and only up to 255 characters together.
    package let choices: [String]

    package init(_ title: String, _ kind: Kind = .text, choices: [String] = []) {
        self.title = title
        self.kind = kind
        self.choices = choices
    }
}

/// What a spreadsheet that is written looks like.
package struct SpreadsheetLayout: Sendable, Hashable {
    /// The sheet's name: cut to 31 characters, without []:*?/\. CSV has none.
    package let sheetName: String
    package let columns: [SpreadsheetColumn]
    /// Rows of a second sheet, 填写说明, its head first; empty for none. CSV has none.
    package let notes: [[String]]

    /// The most columns.
    package static let mostColumns = 200
    /// The most characters of a cell, as Excel has it.
    package static let longestCell = 32_767
    /// The most rows, the head not counted; Excel has one more for the head.
    package static let mostRows = 1_048_575

    /// - Parameter columns: 1 to 200.
    package init(sheetName: String, columns: [SpreadsheetColumn], notes: [[String]] = []) {
        precondition(
            (1...Self.mostColumns).contains(columns.count),
            "a sheet has 1 to \(Self.mostColumns) columns, not \(columns.count)")
        let name = String(sheetName.filter { !"[]:*?/\\'".contains($0) }.prefix(31))
        self.sheetName = name.isEmpty ? "Sheet1" : name
        self.columns = columns
        self.notes = notes
    }
}
