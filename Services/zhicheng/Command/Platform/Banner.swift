import ZhichengClient

/// The box of `zhicheng dev`: where everything is, who may sign in, what to try.
struct Banner {
    let platform: LocalPlatform
    /// Whether there is nobody to sign in.
    let isEmpty: Bool
    let readyAfter: Duration

    var text: String {
        let lines = places + [""] + (isEmpty ? operations : accounts + [""] + suggestions)
        let width = lines.map(Table.width).max() ?? 0
        let rule = String(repeating: "─", count: width + 2)
        let body = lines.map { line in
            "│ \(line)\(String(repeating: " ", count: width - Table.width(line))) │"
        }
        return (["╭\(rule)╮"] + body + ["╰\(rule)╯"]).joined(separator: "\n")
    }

    private var places: [String] {
        let milliseconds = readyAfter / .milliseconds(1)
        var lines = [
            "职称申报评审平台 is ready after \(Int(milliseconds)) ms."
                + (isEmpty ? "" : " Demonstration data: no such people, no such units."),
            "",
        ]
        for process in ServiceProcess.all {
            let name = process.name.rawValue
            lines.append(
                "  \(pad(name, 20)) \(platform.endpoints[process.name])   \(process.database).db")
        }
        lines.append(
            "  \(pad(ServiceProcess.simulator, 20)) \(platform.simulatorAddress)   闽政通（模拟）")
        lines.append("")
        lines.append("  Data and keys: \(platform.folder.path)")
        lines.append("  Development clock: started at \(platform.clock), ticks on")
        return lines
    }

    private var accounts: [String] {
        let table = Table(
            ["who", "account", "password"],
            rows: Cast.signIns.map { [$0.who, $0.account, $0.password] })
        return ["  Accounts:"] + table.lines.map { "  " + $0 }
    }

    private var suggestions: [String] {
        let port = platform.endpoints[.identity].port
        let isStandard =
            platform.folder.certificates.authority == DeploymentCertificates.standard.authority
        let flag =
            (port == 7001 ? "" : " --port \(port)")
            + (isStandard ? "" : " --ca \(platform.folder.certificates.authority)")
        let own = CommandLine.arguments[0]
        return [
            "  In another terminal:",
            "    \(own) sign-in\(flag) \(Cast.yizhongReviewer.account)      (password above)",
            "    \(own) tasks list\(flag)",
            "    \(own) health\(flag)",
            "  Ctrl-C stops everything.",
        ]
    }

    private var operations: [String] {
        [
            "  There are no accounts yet: \(CommandLine.arguments[0]) accounts create --help",
            "  The operator's certificate: --operator \(platform.folder.certificates.folder(of: "zhicheng"))",
            "  Ctrl-C stops everything.",
        ]
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - Table.width(text)))
    }
}
