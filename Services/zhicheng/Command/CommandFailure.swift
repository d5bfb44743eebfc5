import ZhichengClient

/// Why a command ends without having done its work: one clear line, what follows from it below, and an exit code.
struct CommandFailure: Error {
    enum Code: Int32 {
        /// A rule says no.
        case refused = 1
        case usage = 2
        /// No answer, so that the same may be tried again.
        case unreachable = 3
        case notAuthorised = 4
        /// The platform took it on, and has not decided yet.
        case undecided = 5
        /// The platform failed: a fault for its operators.
        case failed = 70
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What an answer of a service means for the command's user.
    /// - Parameter endpoints: where the services were called, to name the one that is missing.
    init(_ error: RPCError, endpoints: ServiceEndpoints) {
        switch error.code {
        case .unavailable, .deadlineExceeded:
            let place =
                error.service
                .map { "\($0.rawValue) (\(endpoints[$0]))" } ?? "a service"
            self.init(.unreachable, "\(place) does not answer: \(error.message)")
        case .unauthenticated, .permissionDenied:
            self.init(.notAuthorised, error.message)
        // Too much at once, here or of this account: later it may be done.
        case .resourceExhausted where error.verdict == .notExecuted:
            self.init(.unreachable, error.message)
        default:
            let isFault = [.internalError, .dataLoss, .unknown, .unimplemented].contains(error.code)
            self.init(
                isFault ? .failed : .refused,
                ([error.message] + error.facts.map { "  " + $0 }).joined(separator: "\n"))
        }
    }
}

extension RPCError {
    /// The typed facts of the error, a line each.
    var facts: [String] {
        var lines = fieldViolations.map { "\($0.label): \($0.message)" }
        if let holder = claimHolder { lines.append("领取人: \(holder.officerName)") }
        if let version = currentVersion { lines.append("当前版本: \(version)") }
        if let vacancy { lines.append(vacancy.sentence) }
        return lines
    }
}

extension Common.VacancyFacts {
    /// The facts for a person.
    var sentence: String {
        if noRecord { return "\(year) 年度没有已确认的岗位核准信息" }
        let approved = unlimited ? "不限" : "\(self.approved)"
        return "\(year) 年度\(level.label)核准 \(approved)，已推荐 \(recommended)"
    }
}
