import ArgumentParser
import Foundation
import Testing

@testable import zhicheng

@Suite("FUNCTIONS.md")
struct FunctionsTests {
    private func page() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("FUNCTIONS.md"), encoding: .utf8)
    }

    @Test("Every row of the platform's functions is in it")
    func rows() throws {
        let page = try page()
        let rows = [("I", 10), ("A", 8), ("D", 12), ("Q", 4), ("T", 7), ("E", 6)]
        for (letter, count) in rows {
            for number in 1...count {
                #expect(page.contains("| \(letter)\(number) |"), "\(letter)\(number) is missing")
            }
        }
    }

    @Test("Every command that it names is there, with its flags")
    func commands() throws {
        let commands = try page().split(separator: "`").map(String.init)
            .filter { $0.hasPrefix("zhicheng ") }
        #expect(commands.count > 60)
        for command in commands {
            var type: any ParsableCommand.Type = Zhicheng.self
            for word in command.split(separator: " ").dropFirst() {
                let subcommands = type.configuration.subcommands
                if let next = subcommands.first(where: { name(of: $0) == String(word) }) {
                    type = next
                } else if word.hasPrefix("--"), word != "--help" {
                    let help = Zhicheng.helpMessage(for: type, columns: 200)
                    let inner = type.configuration.defaultSubcommand.map {
                        Zhicheng.helpMessage(for: $0, columns: 200)
                    }
                    #expect(
                        help.contains(String(word)) || inner?.contains(String(word)) == true,
                        "“\(command)”: there is no \(word)")
                } else {
                    // A command without further ones takes values.
                    #expect(
                        subcommands.isEmpty || ["help", "--help"].contains(String(word)),
                        "“\(command)”: there is no \(word)")
                    break
                }
            }
        }
    }

    private func name(of type: any ParsableCommand.Type) -> String {
        type.configuration.commandName ?? type._commandName
    }
}
