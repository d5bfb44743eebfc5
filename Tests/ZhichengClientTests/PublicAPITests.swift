import Testing

/// What the SDK promises is what was meant to be promised.
@Suite("The public API")
struct PublicAPITests {
    private struct Declaration {
        /// "RetryPolicy.swift: public var attempts: Int".
        let text: String
        let place: String
        let isDocumented: Bool
    }

    private func declarations() throws -> [Declaration] {
        // Generated clients are what proto/ says.
        try ["Shared/ZhichengClient", "Shared/ZhichengTesting", "Shared/ServiceStubs"]
            .flatMap { folder in try Documents.files(in: folder, ending: ".swift") }
            .filter { !$0.path.contains("/Generated/") }
            .flatMap(declarations(of:))
    }

    private func declarations(of file: (path: String, text: String)) -> [Declaration] {
        let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
        let lines = Documents.lines(file.text).map { String($0.drop { $0 == " " }) }
        return lines.indices.compactMap { index in
            let isCase = lines[index].wholeMatch(of: /case [a-z]\w*( = .*)?/) != nil
            guard isCase || lines[index].hasPrefix("public "),
                !lines[index].hasPrefix("public import")
            else { return nil }
            let above = lines[..<index].last { !$0.hasPrefix("@") } ?? ""
            return Declaration(
                text: "\(name): \(declaration(lines[index...]))",
                place: "\(file.path):\(index + 1)",
                isDocumented: isCase || above.hasPrefix("///"))
        }
    }

    /// A declaration up to its body or its value, on one line.
    private func declaration(_ lines: ArraySlice<String>) -> String {
        var text = ""
        var depth = 0
        for line in lines {
            if !text.isEmpty, text.last != "(" { text += line.hasPrefix(")") ? "" : " " }
            for character in line {
                switch character {
                case "(", "[": depth += 1
                case ")", "]": depth -= 1
                case "{" where depth == 0: return trimmed(text)
                default: break
                }
                text.append(character)
            }
            if depth == 0, !line.hasSuffix("=") { break }
        }
        return trimmed(text)
    }

    private func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }

    @Test("Every public item says what it is")
    func documented() throws {
        for declaration in try declarations() where !declaration.isDocumented {
            Issue.record("\(declaration.place) has no doc comment: \(declaration.text)")
        }
    }

    @Test("Nothing is public by accident: PublicAPI.txt has every item")
    func approved() throws {
        let actual = try declarations().map(\.text)
        let list = try Documents.text("Tests/ZhichengClientTests/PublicAPI.txt")
        let approved = Documents.lines(list).filter { !$0.isEmpty && !$0.hasPrefix("#") }
        for text in Set(actual).subtracting(approved).sorted() {
            Issue.record("public, and not in PublicAPI.txt: \(text)")
        }
        for text in Set(approved).subtracting(actual).sorted() {
            Issue.record("in PublicAPI.txt, and not public any more: \(text)")
        }
    }
}
