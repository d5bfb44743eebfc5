import Testing

/// The documentation shows only code that is compiled: what is between `// snippet: NAME` and `// end` in `Snippets/`.
@Suite("Code in the documentation")
struct SnippetTests {
    private static let catalog = "Shared/ZhichengClient/ZhichengClient.docc"

    @Test("Every piece of code in README and DocC is a compiled one, word for word")
    func pagesShowCompiledCode() throws {
        let compiled = try compiledSnippets()
        let pages =
            try Documents.files(in: Self.catalog, ending: ".md")
            + [(path: "README.md", text: Documents.text("README.md"))]
        #expect(pages.count == 9)
        var shown: Set<String> = []
        for page in pages {
            for code in codeBlocks(of: page.text) {
                let name = try #require(
                    code.name,
                    """
                    \(page.path) shows code without a line “<!-- snippet: NAME -->” above it:
                    \(code.text)
                    """)
                #expect(
                    code.text == compiled[name],
                    "“\(name)” in \(page.path) is not what Tests/ZhichengClientTests/Snippets has")
                shown.insert(name)
            }
        }
        #expect(shown == Set(compiled.keys))
    }

    /// The pieces by name, without the indentation that they share.
    private func compiledSnippets() throws -> [String: String] {
        var snippets: [String: String] = [:]
        for file in try Documents.files(
            in: "Tests/ZhichengClientTests/Snippets", ending: ".swift")
        {
            var open: (name: String, lines: [String])?
            for line in Documents.lines(file.text) {
                let trimmed = String(line.drop { $0 == " " })
                if trimmed.hasPrefix("// snippet: ") {
                    #expect(open == nil, "a snippet within another in \(file.path)")
                    open = (String(trimmed.dropFirst(12)), [])
                } else if trimmed == "// end", let ended = open {
                    #expect(snippets[ended.name] == nil, "two snippets are “\(ended.name)”")
                    snippets[ended.name] = unindented(ended.lines)
                    open = nil
                } else {
                    open?.lines.append(line)
                }
            }
            #expect(open == nil, "a snippet in \(file.path) does not end")
        }
        return snippets
    }

    private func unindented(_ lines: [String]) -> String {
        let depths = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }
        let depth = depths.min() ?? 0
        return lines.map { String($0.dropFirst(depth)) }.joined(separator: "\n")
    }

    private func codeBlocks(of page: String) -> [(name: String?, text: String)] {
        var blocks: [(name: String?, text: String)] = []
        var open: [String]?
        var name: String?
        for line in Documents.lines(page) {
            if let code = open {
                if line == "```" {
                    blocks.append((name, code.joined(separator: "\n")))
                    open = nil
                    name = nil
                } else {
                    open = code + [line]
                }
            } else if line == "```swift" {
                open = []
            } else if line.hasPrefix("<!-- snippet: "), line.hasSuffix(" -->") {
                name = String(line.dropFirst(14).dropLast(4))
            }
        }
        return blocks
    }
}
