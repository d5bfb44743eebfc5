import ArgumentParser
import ZhichengClient

// 业绩管理 → 撤回申请 (screen 3-5). The unit decides with `zhicheng tasks`.

extension ArchiveCommand {
    /// The tabs of the list.
    enum WithdrawalTab: String, ExpressibleByArgument, CaseIterable {
        case all, pending, granted, refused, cancelled

        var state: Archive.WithdrawalState {
            switch self {
            case .all: .unspecified
            case .pending: .pending
            case .granted: .granted
            case .refused: .refused
            case .cancelled: .cancelled
            }
        }
    }

    struct Withdrawals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "撤回申请: requests to have approved items back, newest first.")

        @Option(help: "Only with this in the applicant's or the item's name.")
        var search = ""
        @Option(help: "The tab: all, pending, granted, refused, cancelled.")
        var state = WithdrawalTab.all
        @OptionGroup var most: RowLimit
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let (found, last) = try await connection.withPlatform(session: session.token()) {
                client in
                try await most.rows(\.withdrawals, next: \.nextCursor) { page in
                    try await client.archive.listWithdrawals(
                        Archive.ListWithdrawalsRequest(
                            search: search, state: state.state, page: page))
                }
            }
            guard connection.output == .table else {
                return try Output.json(found.map(WithdrawalRow.init))
            }
            Output.line(last.tabs.map { "\($0.label)(\($0.count))" }.joined(separator: " "))
            Output.table(Table(withdrawals: found))
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks the unit for an approved item back, as its applicant.")

        @OptionGroup var item: OneItem
        @Option(help: "撤回原因, at most 2,000 characters.")
        var reason: String

        func run() async throws {
            let session = try item.session.token()
            let made = try await item.connection.withPlatform(session: session) { client in
                let found = try await client.archive.getItem(
                    Archive.GetItemRequest(id: item.id))
                return try await client.archive.requestWithdrawal(
                    Archive.RequestWithdrawalRequest(
                        itemID: found.id, expectedVersion: found.version, reason: reason))
            }
            try item.connection.show(made)
        }
    }

    struct CancelWithdrawal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a request back that waits, as its applicant.")

        @Argument(help: "The request, as `zhicheng archive withdrawals` names it.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let ended = try await connection.withPlatform(session: session.token()) { client in
                let found = try await client.archive.getWithdrawal(
                    Archive.GetWithdrawalRequest(id: id))
                return try await client.archive.cancelWithdrawal(
                    Archive.CancelWithdrawalRequest(id: id, expectedVersion: found.version))
            }
            try connection.show(ended)
        }
    }
}

extension ConnectionOptions {
    fileprivate func show(_ withdrawal: Archive.Withdrawal) throws {
        guard output == .table else { return try Output.json(WithdrawalRow(withdrawal)) }
        Output.line("\(withdrawal.kindLabel) \(withdrawal.mainName) 撤回申请\(withdrawal.stateLabel)")
    }
}

/// A request for programs.
struct WithdrawalRow: Encodable {
    let id, item, kind, applicant, name, reason, state, opinion, decidedBy, task: String
    let version, requestedMs, closedMs: Int64
    let referred: Bool

    init(_ withdrawal: Archive.Withdrawal) {
        id = withdrawal.id
        item = withdrawal.itemID
        kind = withdrawal.kind
        applicant = withdrawal.applicantName
        name = withdrawal.mainName
        reason = withdrawal.reason
        state = withdrawal.stateLabel
        opinion = withdrawal.opinion
        decidedBy = withdrawal.decidedByName
        task = withdrawal.taskID
        version = withdrawal.version
        requestedMs = withdrawal.requestedMs
        closedMs = withdrawal.closedMs
        referred = withdrawal.referred
    }
}

extension Table {
    /// Screen 3-5.
    init(withdrawals: [Archive.Withdrawal]) {
        self.init(["序号", "业绩项", "名称", "申报人", "撤回原因", "申请时间", "状态", "审批意见", "编号"])
        for (index, withdrawal) in withdrawals.enumerated() {
            rows.append([
                "\(index + 1)", withdrawal.kindLabel, withdrawal.mainName,
                withdrawal.applicantName, withdrawal.reason, minute(withdrawal.requestedMs),
                withdrawal.stateLabel + (withdrawal.referred ? "（在途申报引用）" : ""),
                withdrawal.opinion, withdrawal.id,
            ])
        }
    }
}
