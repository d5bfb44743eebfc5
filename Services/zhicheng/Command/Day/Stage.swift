import ZhichengClient

/// Shows the day's screens and holds what came back against what must be.
final class Stage {
    /// How many checks held so far.
    private(set) var checks = 0
    private var step = ""

    /// A new part of the manual.
    func chapter(_ title: String) {
        Output.line(
            "\n━━ \(title) " + String(repeating: "━", count: max(0, 70 - Table.width(title))))
        step = title
    }

    /// A screen, by the manual's number; "" for what the manual has no screen for.
    func screen(_ number: String, _ title: String, _ table: Table) {
        Output.line(number.isEmpty ? "\n\(title)" : "\n图 \(number)  \(title)")
        for line in table.lines { Output.line("  " + line) }
    }

    /// What happens next.
    func say(_ text: String) { Output.line("\n· \(text)") }

    /// Something must be so.
    func hold(_ condition: Bool, _ claim: String) throws(DayFailure) {
        guard condition else { throw DayFailure(step: step, claim: claim) }
        checks += 1
        Output.line("  ✓ \(claim)")
    }

    /// A call must be refused with one of these codes.
    func refuses(
        _ claim: String, with codes: Set<RPCCode>, _ call: () async throws -> Void
    ) async throws -> RPCError {
        do {
            try await call()
        } catch let error as RPCError {
            guard codes.contains(error.code) else {
                throw DayFailure(step: step, claim: "\(claim)（\(error)）")
            }
            try hold(true, "\(claim): \(error.message)")
            return error
        }
        throw DayFailure(step: step, claim: "\(claim)（没有被拒绝）")
    }

    /// A form must be refused with exactly these fields.
    func faults(
        _ title: String, _ labels: Set<String>, _ call: () async throws -> Void
    ) async throws {
        let error = try await refuses("\(title)有误，提交被拒绝", with: [.invalidArgument], call)
        screen(
            "", "\(title)的全部问题，一次列出",
            Table(["字段", "问题"], rows: error.fieldViolations.map { [$0.label, $0.message] }))
        let named = Set(error.fieldViolations.map(\.label))
        try hold(
            named == labels,
            named == labels
                ? "每一处问题都指出了字段"
                : "应指出 \(labels.sorted())，实际指出 \(named.sorted())")
    }
}

/// A step of the day that did not hold.
struct DayFailure: Error {
    let step: String
    let claim: String
}
