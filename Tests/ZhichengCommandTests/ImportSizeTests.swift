import Foundation
import Testing
import ZhichengClient
import ZhichengTesting

@testable import zhicheng

@Suite("A file of 10,000 rows")
struct ImportSizeTests {
    private static let rows = 10_000

    /// Writes persons of row 2 on, one a row; what `cell` gives is instead of the ID number.
    private func checked(
        _ cell: (_ row: Int) -> String?, _ sheet: any ImportedSheet, _ client: PlatformClient
    ) async throws -> ImportCheck {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("import-size-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("persons.csv").path
        let head = sheet.importFields.map(\.title).joined(separator: ",")
        let lines = (2..<Self.rows + 2).map { row in
            sheet.importFields.map { field in
                field.key == "id_number" ? cell(row) ?? "\(350_199_000_000 + row)" : "值"
            }.joined(separator: ",")
        }
        try Data(([head] + lines).joined(separator: "\n").utf8)
            .write(to: URL(fileURLWithPath: path))
        var check = ImportCheck(keepsRows: false)
        try await check.run(path, sheet, client)
        return check
    }

    @Test(
        "Each row is checked by the service, a bounded number at once, and named by its own number")
    func everyRow() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.identity.importPersons }) {
            (request: Identity.ImportPersonsRequest, _) in
            #expect(request.checkOnly && request.rows.count <= ImportCheck.rowsPerCall)
            let faults = request.rows.enumerated().filter { $1.cells[2] == "坏" }.map { index, _ in
                Common.ImportFault(
                    row: UInt32(index + 1), field: "id_number", label: "证件号码", message: "有误")
            }
            return Identity.ImportPersonsReply(faults: faults)
        }
        let client = await platform.client(timeout: .seconds(120))
        // A bad one a thousand rows; 9,000 has the number of row 7.
        let check = try await checked(
            { row in
                row == 9_000 ? "\(350_199_000_000 + 7)" : row == 3 || row == 9_999 ? "坏" : nil
            }, PersonSheet(), client)
        #expect(check.rows == Self.rows)
        #expect(
            check.errors.map(\.description) == [
                "第 3 行 C 列 证件号码：有误", "第 9000 行 C 列 证件号码：与第 7 行相同",
                "第 9999 行 C 列 证件号码：与第 3 行相同",
            ])
    }

    @Test(
        "Beyond what an applicant may have, rows are checked all the same, and the first too many is named"
    )
    func room() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.archive.importItems }) { (request: Archive.ImportItemsRequest, _) in
            let faults = request.rows.enumerated().filter { $1.cells[0] == "坏" }.map { index, _ in
                Common.ImportFault(
                    row: UInt32(index + 1), field: "id_number", label: "课程", message: "有误")
            }
            return Archive.ImportItemsReply(faults: faults, room: 1_990)
        }
        let sheet = KindSheet(
            Archive.ItemDefinition(
                key: "continuing_education", label: "继续教育",
                fields: [Archive.FieldDefinition(key: "id_number", label: "课程", type: "text")]))
        let check = try await checked(
            { $0 == 9_500 ? "坏" : nil }, sheet, await platform.client(timeout: .seconds(120)))
        #expect(check.rows == Self.rows)
        #expect(
            check.errors.map(\.description) == [
                "第 9500 行 A 列 课程：有误", "第 1992 行：业绩档案还能新增 1990 项，文件有 10000 行，从这一行起放不下",
            ])
    }
}
