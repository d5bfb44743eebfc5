import CXLSXWriter
import Domain

#if canImport(Glibc)
    import Glibc
#endif

/// An .xlsx file through libxlsxwriter in constant-memory mode: a row goes to a temporary file of its own when the next one begins.
@safe final class XLSXSink: SpreadsheetSink {
    private let layout: SpreadsheetLayout
    /// Nil once it is closed.
    private var workbook: UnsafeMutablePointer<lxw_workbook>?
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let text: UnsafeMutablePointer<lxw_format>
    private let day: UnsafeMutablePointer<lxw_format>

    /// Rows below the head whose cells offer a list of choices.
    private static let rowsWithChoices: UInt32 = 10_000

    /// Makes the file with its head.
    init(creating path: String, _ layout: SpreadsheetLayout) throws(SpreadsheetError) {
        self.layout = layout
        // The library opens the file that is there, so that it stays private.
        close(try createPrivately(path))
        var options = unsafe lxw_workbook_options()
        unsafe options.constant_memory = 1
        guard let workbook = unsafe workbook_new_opt(path, &options),
            let sheet = unsafe workbook_add_worksheet(workbook, layout.sheetName),
            let text = unsafe workbook_add_format(workbook),
            let day = unsafe workbook_add_format(workbook),
            let head = unsafe workbook_add_format(workbook)
        else { throw SpreadsheetError(.unwritable, "无法建立工作簿") }
        // 49 is "@" (ECMA-376, 18.8.30).
        unsafe format_set_num_format_index(text, 49)
        unsafe format_set_num_format(day, "yyyy-mm-dd")
        unsafe format_set_num_format_index(head, 49)
        unsafe format_set_bold(head)
        unsafe self.workbook = workbook
        unsafe self.sheet = sheet
        unsafe self.text = text
        unsafe self.day = day
        unsafe worksheet_freeze_panes(sheet, 1, 0)
        for (index, column) in layout.columns.enumerated() {
            let number = UInt16(index)
            let width = Double(min(max(12, column.title.count * 2 + 4), 40))
            let format: UnsafeMutablePointer<lxw_format>? =
                switch column.kind {
                case .text: unsafe text
                case .day: unsafe day
                case .number: nil
                }
            _ = unsafe worksheet_set_column(sheet, number, number, width, format)
            offer(column.choices, in: number)
        }
        for (index, column) in layout.columns.enumerated() {
            try check(
                unsafe worksheet_write_string(sheet, 0, UInt16(index), column.title, head), row: 1,
                column: index + 1)
        }
    }

    deinit { abandon() }

    func append(_ cells: [String], row: Int) throws(SpreadsheetError) {
        for (index, cell) in cells.enumerated() where !cell.isEmpty {
            let error = write(
                cell, layout.columns[index].kind, row: UInt32(row - 1), column: UInt16(index))
            try check(error, row: row, column: index + 1)
        }
    }

    private func write(
        _ cell: String, _ kind: SpreadsheetColumn.Kind, row: UInt32, column: UInt16
    ) -> lxw_error {
        switch kind {
        case .number:
            if let number = exactNumber(cell) {
                return unsafe worksheet_write_number(sheet, row, column, number, nil)
            }
        case .day:
            // Excel's days begin in 1900.
            if let day = try? CivilDay(cell) {
                var date = lxw_datetime()
                date.year = Int32(day.year)
                date.month = Int32(day.month)
                date.day = Int32(day.day)
                return unsafe worksheet_write_datetime(sheet, row, column, &date, self.day)
            }
        case .text: break
        }
        return unsafe worksheet_write_string(sheet, row, column, escaped(cell), text)
    }

    func finish() throws(SpreadsheetError) {
        guard let workbook = unsafe workbook else { return }
        try unsafe writeNotes(workbook)
        unsafe self.workbook = nil
        try check(unsafe workbook_close(workbook))
    }

    func abandon() {
        guard let workbook = unsafe workbook else { return }
        unsafe self.workbook = nil
        _ = unsafe workbook_close(workbook)
    }

    /// 填写说明, the second sheet.
    private func writeNotes(_ workbook: UnsafeMutablePointer<lxw_workbook>)
        throws(SpreadsheetError)
    {
        guard let first = layout.notes.first else { return }
        guard let notes = unsafe workbook_add_worksheet(workbook, "填写说明") else {
            throw SpreadsheetError(.unwritable, "无法建立工作簿")
        }
        _ = unsafe worksheet_set_column(notes, 0, UInt16(max(first.count, 1) - 1), 24, text)
        for (row, cells) in layout.notes.enumerated() {
            for (column, cell) in cells.enumerated() where !cell.isEmpty {
                try check(
                    unsafe worksheet_write_string(
                        notes, UInt32(row), UInt16(column), escaped(cell), text))
            }
        }
    }

    /// A drop-down list below the head; a list that Excel would not take is left out.
    private func offer(_ choices: [String], in column: UInt16) {
        let length = choices.reduce(choices.count) { $0 + $1.utf16.count }
        guard !choices.isEmpty, length <= 255 else { return }
        var list: [UnsafeMutablePointer<CChar>?] = unsafe choices.map { unsafe strdup($0) }
        unsafe list.append(nil)
        unsafe list.withUnsafeMutableBufferPointer { list in
            var validation = unsafe lxw_data_validation()
            unsafe validation.validate = UInt8(LXW_VALIDATION_TYPE_LIST.rawValue)
            unsafe validation.value_list = list.baseAddress
            _ = unsafe worksheet_data_validation_range(
                sheet, 1, column, Self.rowsWithChoices, column, &validation)
        }
        unsafe list.forEach { unsafe free($0) }
    }

    private func check(
        _ error: lxw_error, row: Int? = nil, column: Int? = nil
    ) throws(SpreadsheetError) {
        guard error != LXW_NO_ERROR else { return }
        throw SpreadsheetError(
            .unwritable, "无法写入（\(unsafe String(cString: lxw_strerror(error)))）", row: row,
            column: column)
    }
}

/// The number that the text says, when a spreadsheet keeps all of its digits: not of "007".
func exactNumber(_ text: String) -> Double? {
    let unsigned = text.utf8.drop { $0 == UInt8(ascii: "-") }
    if unsigned.count > 1, unsigned.first == UInt8(ascii: "0"),
        unsigned.dropFirst().first != UInt8(ascii: ".")
    {
        return nil
    }
    var digits = 0
    var points = 0
    for (index, byte) in text.utf8.enumerated() {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
        case UInt8(ascii: "."): points += 1
        case UInt8(ascii: "-") where index == 0: break
        default: return nil
        }
    }
    guard (1...15).contains(digits), points <= 1 else { return nil }
    return Double(text)
}

/// Text that looks like a spreadsheet's own escape, "_x000D_", escapes its first character, as ECMA-376 (22.4.2.4) asks.
private func escaped(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "_")) else { return text }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
        if byte == UInt8(ascii: "_"), escapedScalar(bytes[index...]) != nil {
            result += Array("_x005F_".utf8)
        } else {
            result.append(byte)
        }
    }
    return String(decoding: result, as: UTF8.self)
}

/// What an escape at the beginning of the bytes stands for: "_x000D_" is 13.
func escapedScalar(_ bytes: ArraySlice<UInt8>) -> UInt32? {
    guard bytes.count >= 7 else { return nil }
    let start = bytes.startIndex
    guard bytes[start] == UInt8(ascii: "_"), bytes[start + 1] == UInt8(ascii: "x"),
        bytes[start + 6] == UInt8(ascii: "_")
    else { return nil }
    var value: UInt32 = 0
    for byte in bytes[(start + 2)..<(start + 6)] {
        guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
        value = value << 4 | UInt32(digit)
    }
    return value
}
