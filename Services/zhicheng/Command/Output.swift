import Foundation

/// Where a command's words go.
enum Output {
    static func line(_ text: String = "") {
        write(text + "\n", to: .standardOutput)
    }

    static func error(_ text: String) {
        write("zhicheng: \(text)\n", to: .standardError)
    }

    /// Something to know that is no failure.
    static func note(_ text: String) {
        write("\(text)\n", to: .standardError)
    }

    static func table(_ table: Table) {
        for text in table.lines { line(text) }
    }

    /// One object or list, for programs.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A closed pipe (`zhicheng … | head`) ends the words, not the program.
    private static func write(_ text: String, to handle: FileHandle) {
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
