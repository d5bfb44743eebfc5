import ArgumentParser
import Testing
import ZhichengClient

@testable import zhicheng

@Suite("zhicheng archive, and tasks batch")
struct ArchiveCommandTests {
    @Test("What the commands take")
    func arguments() throws {
        let batch = try #require(
            try Zhicheng.parseAsRoot([
                "tasks", "batch", "return", "archive:1:1", "identity:2:1", "--opinion", "请补正",
            ]) as? TasksCommand.Batch)
        #expect(batch.outcome == .return && batch.ids == ["archive:1:1", "identity:2:1"])
        for words in [
            ["tasks", "batch", "approve", "--opinion", "好"],
            [
                "tasks", "batch", "approve", "archive:1:1", "--kind", "archive_item", "--opinion",
                "好",
            ],
            [
                "tasks", "batch", "approve", "--kind", "archive_item", "--limit", "201",
                "--opinion", "好",
            ],
            ["tasks", "batch", "approve", "archive:1:1"],
            ["archive", "list", "--limit", "0"], ["archive", "show"], ["archive", "withdraw", "1"],
            ["archive", "retract"],
        ] {
            #expect(throws: (any Error).self) { try Zhicheng.parseAsRoot(words) }
        }
        let show = try #require(
            try Zhicheng.parseAsRoot(["archive", "show", "1", "--round", "2"])
                as? ArchiveCommand.Show)
        #expect(show.item.id == "1" && show.round == 2)
        let list = try #require(
            try Zhicheng.parseAsRoot(["archive", "withdrawals", "--state", "pending"])
                as? ArchiveCommand.Withdrawals)
        #expect(list.state.state == .pending)
    }

    @Test("Tables of versions, differences and requests")
    func tables() {
        let versions = Table(versions: [
            Archive.ItemVersion(round: 3), Archive.ItemVersion(round: 2, retracted: true),
            Archive.ItemVersion(round: 1, outcomeLabel: "通过", withdrawn: true),
        ])
        #expect(versions.rows.map { $0[3] } == ["审核中", "已收回", "通过，后同意撤回"])
        let differences = Table(differences: [
            Archive.ItemDifference(label: "学制", before: "2年", after: "3年")
        ])
        #expect(differences.rows == [["学制", "2年", "3年"]])
        let requests = Table(withdrawals: [
            Archive.Withdrawal(stateLabel: "待处理", referred: true)
        ])
        #expect(requests.rows[0][6] == "待处理（在途申报引用）")
    }
}
