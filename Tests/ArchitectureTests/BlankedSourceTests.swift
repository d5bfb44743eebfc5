import Testing

@Suite("Finding code among comments and strings")
struct BlankedSourceTests {
    @Test(
        "Comments and strings are blanked, code stays",
        arguments: [
            ("a // try! b\nc", "a          \nc"),
            ("a /* x /* y */ z */ b", "a" + String(repeating: " ", count: 19) + "b"),
            (#"f("try! \(g("x"))") + h"#, "f(" + String(repeating: " ", count: 16) + ") + h"),
            (##"f(#"a"b"#) + c"##, "f(       ) + c"),
            (##"f(#"a\"#) + c"##, "f(      ) + c"),
            ("\"\"\"\nimport X\n\"\"\"\nimport Y", "   \n        \n   \nimport Y"),
            (#""a\"b" c"#, "       c"),
            ("#if x", "#if x"),
        ])
    func blanks(source: String, expected: String) {
        #expect(blanked(source) == expected)
    }

    @Test(
        "Imports are read with their access",
        arguments: [
            ("import A", "A", ""),
            ("@testable import B", "B", ""),
            ("package import C", "C", "package"),
            ("public import struct D.E", "D", "public"),
            ("    @preconcurrency internal import F", "F", "internal"),
        ])
    func importsAreRead(line: String, module: String, access: String) throws {
        let found = try #require(SourceFile(path: "x.swift", text: line).imports.first)
        #expect(found.module == module)
        #expect(found.access == access)
    }

    @Test("A comment or a string is no import", arguments: ["// import A", "let a = \"import A\""])
    func noImports(line: String) {
        #expect(SourceFile(path: "x.swift", text: line).imports.isEmpty)
    }

    @Test(
        "Every forbidden way of writing is found",
        arguments: [
            "Task { await x() }", "Task(priority: .low) { }", "Task<Void, Never> { }",
            "Task.detached { }", "let a = try! b()", "let c = d as! E", "fatalError(\"x\")",
        ])
    func forbiddenIsFound(line: String) throws {
        let file = SourceFile(path: "Shared/x.swift", text: line)
        #expect(try forbidden.contains { try !file.lines(matching: $0.pattern).isEmpty })
    }

    @Test(
        "What looks like it is not",
        arguments: ["Task.checkCancellation()", "MyTask { }", "Task.yield()"])
    func othersAreNot(line: String) throws {
        let file = SourceFile(path: "Shared/x.swift", text: line)
        #expect(try !forbidden.contains { try !file.lines(matching: $0.pattern).isEmpty })
    }
}
