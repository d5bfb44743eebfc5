/// Why a spreadsheet cannot be read or written. Messages are for the person who gave the file, and hold none of its content.
package struct SpreadsheetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    package enum Code: Sendable, Hashable {
        /// The file cannot be opened or read.
        case unreadable
        /// The file cannot be written.
        case unwritable
        /// It is no .xlsx and no CSV file, or one that cannot be understood.
        case notSpreadsheet
        /// Its structure or its encoding is broken.
        case malformed
        /// It is beyond one of the limits.
        case tooLarge
    }

    package let code: Code
    /// The row as the sheet counts it, the head being 1; nil when the whole file is meant.
    package let row: Int?
    /// The column, 1 = A; nil when the whole row is meant.
    package let column: Int?
    /// In Chinese, without the place.
    package let message: String

    package init(_ code: Code, _ message: String, row: Int? = nil, column: Int? = nil) {
        self.code = code
        self.message = message
        self.row = row
        self.column = column
    }

    /// The message with its place: "第 3 行 B 列：…".
    package var description: String {
        var place = row.map { "第 \($0) 行" } ?? ""
        if let column { place += (place.isEmpty ? "" : " ") + "\(columnName(column)) 列" }
        return place.isEmpty ? message : "\(place)：\(message)"
    }
}

/// The letters of a column: 1 is A, 27 is AA.
/// - Parameter column: at least 1.
package func columnName(_ column: Int) -> String {
    precondition(column >= 1, "columns are counted from 1")
    var letters: [Character] = []
    var rest = column
    while rest > 0 {
        letters.append(Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8((rest - 1) % 26))))
        rest = (rest - 1) / 26
    }
    return String(letters.reversed())
}
