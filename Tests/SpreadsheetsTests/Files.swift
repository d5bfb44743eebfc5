import CMinizip
import Foundation

@testable import Spreadsheets

/// A folder that is removed with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/spreadsheets-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    func file(_ name: String, _ content: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(content).write(to: URL(fileURLWithPath: file))
        return file
    }

    func file(_ name: String, _ content: String) throws -> String {
        try file(name, Array(content.utf8))
    }

    /// Packs the parts.
    func zip(_ name: String, _ parts: [(name: String, content: [UInt8])]) throws -> String {
        let file = path + "/" + name
        guard let zip = zipOpen64(file, 0) else { throw CocoaError(.fileWriteUnknown) }
        var info = zip_fileinfo()
        for part in parts {
            guard
                zipOpenNewFileInZip64(
                    zip, part.name, &info, nil, 0, nil, 0, nil, Z_DEFLATED, 6, 0) == ZIP_OK,
                zipWriteInFileInZip(zip, part.content, UInt32(part.content.count)) == ZIP_OK,
                zipCloseFileInZip(zip) == ZIP_OK
            else { throw CocoaError(.fileWriteUnknown) }
        }
        guard zipClose(zip, nil) == ZIP_OK else { throw CocoaError(.fileWriteUnknown) }
        return file
    }

    /// A workbook with that sheet: what is between `<sheetData>` and its end.
    func workbook(
        _ rows: String, name: String = "book.xlsx", shared: String = "", formats: String = "",
        styles: String = "<xf numFmtId=\"0\"/>", properties: String = "",
        more: [(name: String, content: [UInt8])] = []
    ) throws -> String {
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        let sheets = "<worksheet><sheetData>\(rows)</sheetData></worksheet>"
        return try zip(
            name,
            [
                (
                    "_rels/.rels",
                    "<Relationships><Relationship Id=\"rId1\" Type=\"\(office)/officeDocument\" "
                        + "Target=\"xl/workbook.xml\"/></Relationships>"
                ),
                (
                    "xl/workbook.xml",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook>"
                        + "\(properties)<sheets><sheet name=\"一\" sheetId=\"7\" r:id=\"rId2\"/>"
                        + "<sheet name=\"二\" sheetId=\"8\" r:id=\"rId9\"/></sheets></workbook>"
                ),
                (
                    "xl/_rels/workbook.xml.rels",
                    "<Relationships><Relationship Id=\"rId2\" Type=\"\(office)/worksheet\" "
                        + "Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId3\" "
                        + "Type=\"\(office)/styles\" Target=\"/xl/styles.xml\"/><Relationship "
                        + "Id=\"rId4\" Type=\"\(office)/sharedStrings\" "
                        + "Target=\"sharedStrings.xml\"/></Relationships>"
                ),
                (
                    "xl/styles.xml",
                    "<styleSheet><numFmts>\(formats)</numFmts><cellStyleXfs><xf numFmtId=\"14\"/>"
                        + "</cellStyleXfs><cellXfs>\(styles)</cellXfs></styleSheet>"
                ),
                ("xl/sharedStrings.xml", "<sst>\(shared)</sst>"),
                ("xl/worksheets/sheet1.xml", sheets),
            ].map { ($0.0, Array($0.1.utf8)) } + more)
    }
}

/// All rows of a file.
func rows(
    of path: String, limits: SpreadsheetLimits = SpreadsheetLimits()
) async throws -> [SpreadsheetRow] {
    try await withSpreadsheet(reading: path, limits: limits) { reader in
        var rows: [SpreadsheetRow] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }
}

func cells(of path: String) async throws -> [[String]] { try await rows(of: path).map(\.cells) }

/// What reading the file is refused with; nil when it is read.
func refusal(
    of path: String, limits: SpreadsheetLimits = SpreadsheetLimits()
) async -> SpreadsheetError? {
    do {
        _ = try await rows(of: path, limits: limits)
        return nil
    } catch {
        return error as? SpreadsheetError
    }
}

/// A part of an archive as text.
func part(_ name: String, of path: String) throws -> String {
    let archive = try ZipArchive(path: path, limits: SpreadsheetLimits())
    guard try archive.open(name) else { return "" }
    var bytes: [UInt8] = []
    while let more = try archive.next() { bytes += more }
    return String(decoding: bytes, as: UTF8.self)
}
