import Foundation
import ZhichengClient

/// Why a command ends without having done its work: one clear line and an exit code.
struct CommandFailure: Error {
    enum Code: Int32 {
        case refused = 1
        case usage = 2
        case unreachable = 3
        case notAuthorised = 4
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What an answer of a service means for the command's user.
    init(_ error: RPCError, service: String = "") {
        let code: Code =
            switch error.code {
            case .unavailable, .deadlineExceeded: .unreachable
            case .unauthenticated, .permissionDenied: .notAuthorised
            default: .refused
            }
        var lines = [error.message]
        for detail in error.details {
            if let faults = try? detail.decode(as: Common.FieldViolations.self) {
                lines += faults.violations.map { "  \($0.label): \($0.message)" }
            }
            if let holder = try? detail.decode(as: Common.ClaimHolder.self) {
                lines.append("  领取人: \(holder.officerName)")
            }
            if let facts = try? detail.decode(as: Common.VacancyFacts.self) {
                lines.append("  \(facts.year) 年度核准 \(facts.approved)，已推荐 \(facts.recommended)")
            }
        }
        self.init(code, lines.joined(separator: "\n"))
    }
}

/// Where a command's words go.
enum Output {
    static func line(_ text: String = "") {
        print(text)
    }

    static func error(_ text: String) {
        FileHandle.standardError.write(Data("zhicheng: \(text)\n".utf8))
    }

    static func table(_ table: Table) {
        for line in table.lines { print(line) }
    }

    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
