import Foundation
import Messages
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

@Suite struct IndustryKindsTests {
    static let lessons = """
        {"kinds": [{"key": "lessons", "label": "课时", "main": "subject",
          "columns": [{"label": "学科", "keys": ["subject"]}],
          "fields": [
            {"key": "subject", "label": "学科", "type": "text", "required": true},
            {"key": "level", "label": "级别", "type": "code", "code_table": "title_levels"},
            {"key": "scope", "label": "范围", "type": "enum", "values": ["校级", "市级"]},
            {"key": "hours", "label": "课时数", "type": "decimal", "unit": "课时", "required": true}]}]}
        """

    private func catalog(_ text: String) throws -> Catalog {
        try Catalog.standard.adding(industryKinds: IndustryKinds(parsing: Array(text.utf8)))
    }

    @Test func aKindIsAddedByDataAlone() async throws {
        let harness = try Harness(catalog: try catalog(Self.lessons))
        let sent = try await harness.archive(.applicant()).getCatalog(Archive.GetCatalogRequest())
        let industry = try #require(sent.categories.last)
        #expect(industry.items.map(\.label) == ["行业专用业绩", "课时"])
        #expect(industry.items[1].fields.map(\.type) == ["text", "code", "enum", "decimal"])
        #expect(industry.items[1].fields[1].codeTable == "title_levels")
        let item = try await harness.save(
            .applicant(), "lessons", ["subject": "数学", "hours": "320", "level": "3"])
        #expect(item.listCells == ["数学"] && item.mainName == "数学")
        let submitted = try await harness.submit(.applicant(), item)
        #expect(submitted.values.map(\.value) == ["数学", "中级", "", "320课时"])
        let tree = try await harness.archive(.school).getTree(Archive.GetTreeRequest())
        #expect(tree.categories.last?.items.map(\.total) == [0, 1])
    }

    @Test(arguments: [
        ("{", "not one JSON value"), ("{}", "kinds is a list"),
        (#"{"kinds": []}"#, "kinds is a list"),
        (lessons.replacing("\"lessons\"", with: "\"education\""), "already"),
        (lessons.replacing("\"lessons\"", with: "\"Lessons\""), "a to z"),
        (lessons.replacing("title_levels", with: "levels"), "no code table"),
        (lessons.replacing("\"decimal\"", with: "\"number\""), "no type"),
        (lessons.replacing("[\"校级\", \"市级\"]", with: "[]"), "values is a list"),
        (lessons.replacing("\"main\": \"subject\"", with: "\"main\": \"scope\""), "main is"),
        (lessons.replacing("[\"subject\"]", with: "[\"title\"]"), "fields that are none"),
        (lessons.replacing("\"key\": \"hours\"", with: "\"key\": \"scope\""), "twice"),
        (lessons.replacing("\"label\": \"课时数\"", with: "\"label\": \"\""), "label is"),
    ])
    func whatIsWrongIsSaid(_ text: String, _ part: String) {
        let error = #expect(throws: ConfigurationError.self) { try catalog(text) }
        #expect(error?.description.contains(part) == true)
    }

    @Test func theFileOfTheSetting() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/kinds.json"
            try Self.lessons.write(toFile: path, atomically: false, encoding: .utf8)
            let settings = try ArchiveSettings(["industry-kinds": path])
            #expect(settings.catalog.kind("lessons")?.label == "课时")
            #expect(throws: ConfigurationError.self) {
                try ArchiveSettings(["industry-kinds": folder + "/none"])
            }
            #expect(throws: ConfigurationError.self) {
                try ArchiveSettings(["industry-kinds": folder])
            }
        }
        #expect(throws: ConfigurationError.self) { try ArchiveSettings(["other": "x"]) }
        #expect(try ArchiveSettings([:]).catalog == .standard)
    }
}
