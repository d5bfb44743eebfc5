import ArgumentParser
import Foundation
import Testing
import ZhichengClient

@testable import zhicheng

@Suite("Parts of the operator's command")
struct PartsTests {
    @Test("Chinese characters take two columns of a table")
    func table() {
        let table = Table(["姓名", "n"], rows: [["a", "1"], ["姣姣1", "2"]])
        #expect(table.lines == ["姓名   n", "─────  ─", "a      1", "姣姣1  2"])
    }

    @Test("A stored session comes back; a changed one does not")
    func session() throws {
        let token = (0..<32).map { UInt8($0 * 8 + 1 & 255) }
        let stored = StoredSession(session: token, account: "a")
        let read = try JSONDecoder().decode(
            StoredSession.self, from: try JSONEncoder().encode(stored))
        #expect(read.bytes == token)
        let changed = try JSONDecoder().decode(
            StoredSession.self, from: Data(#"{"session": "zz", "account": "a"}"#.utf8))
        #expect(changed.bytes == nil)
    }

    @Test("Private files are readable by their owner only, also in place of others")
    func privateFile() throws {
        let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        try writePrivately(Data("new".utf8), to: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(FileManager.default.contents(atPath: path) == Data("new".utf8))
    }

    @Test(
        "The demonstration's clock never goes back",
        arguments: [
            (0.0, "2022-04-19T09:00:00+08:00"), (-5.0, "2022-04-19T09:00:00+08:00"),
            (86_461.0, "2022-04-20T09:01:01+08:00"),
        ])
    func clock(seconds: Double, text: String) {
        #expect(DemonstrationClock.start(secondsAfter: seconds) == text)
    }

    @Test("Answers become exit codes")
    func exitCodes() {
        let endpoints = ServiceEndpoints()
        func code(_ code: RPCCode) -> CommandFailure.Code {
            CommandFailure(RPCError(code: code, message: ""), endpoints: endpoints).code
        }
        #expect(code(.unavailable) == .unreachable && code(.deadlineExceeded) == .unreachable)
        #expect(
            code(.unauthenticated) == .notAuthorised && code(.permissionDenied) == .notAuthorised)
        #expect(code(.failedPrecondition) == .refused && code(.aborted) == .refused)
        #expect(code(.internalError) == .failed && code(.dataLoss) == .failed)
    }

    @Test("A batch says by its exit code whether to try again")
    func batchCodes() {
        #expect(TasksCommand.Batch.exitCode([.done, .skipped]) == nil)
        #expect(TasksCommand.Batch.exitCode([.done, .refused]) == .refused)
        #expect(TasksCommand.Batch.exitCode([.refused, .unanswered]) == .unreachable)
    }

    @Test("Only a declaration's end keeps its applicant out for the year")
    func terminating() {
        let question = TasksCommand.TerminateTask.question
        #expect(question("declaration:d1:1").contains("本年度不能再申报"))
        #expect(!question("archive:i1:1").contains("本年度"))
    }

    @Test("A correction keeps what it does not name")
    func correcting() throws {
        let before = Declaration.Application(
            title: "工程师", level: "中级", specialty: "力学", form: "常规申报", interview: true, post: "主任")
        let none = try DeclarationsCommand.ApplicationOptions.parse([])
        #expect(none.applied(to: before) == before)
        let some = try DeclarationsCommand.ApplicationOptions.parse([
            "--specialty", "工程力学", "--no-interview", "--post", "",
        ]).applied(to: before)
        #expect(some.specialty == "工程力学" && some.title == "工程师")
        #expect(!some.interview && some.post.isEmpty)
        #expect(throws: (any Error).self) { try DeclarationsCommand.Declare.parse([]) }
        // What it refers to is said anew: nothing is added by leaving it out.
        #expect(throws: (any Error).self) {
            try DeclarationsCommand.Declare.parse(["--id", "d1", "--submit"])
        }
        _ = try DeclarationsCommand.Declare.parse(["--id", "d1", "--all-items", "--submit"])
        _ = try DeclarationsCommand.Declare.parse(["--id", "d1", "--item", "i1"])
    }

    @Test("公示表 has its columns before there is a row")
    func notices() {
        let content = [
            Common.FormValue(key: "name", label: "姓名", value: "姣姣1"),
            Common.FormValue(key: "title", label: "申报职称", value: "工程师"),
        ]
        let empty = Table(notices: [])
        let table = Table(notices: [Declaration.Notice(id: "n", content: content)])
        #expect(table.columns == empty.columns)
        #expect(table.rows.first.map { Array($0[1...6]) } == ["姣姣1", "", "", "", "", "工程师"])
    }

    @Test("A dead service is named with its address")
    func deadService() {
        var error = RPCError(code: .unavailable, message: "connection refused")
        error.method = "quota.v1.Quota/ListRecords"
        let failure = CommandFailure(error, endpoints: ServiceEndpoints())
        #expect(
            failure.message == "quota-service (127.0.0.1:7004) does not answer: connection refused")
    }

    @Test("A refused reservation's facts are told")
    func vacancyFacts() throws {
        let facts = Common.VacancyFacts(
            year: 2022, level: .intermediate, approved: 1, recommended: 1)
        let error = RPCError(
            code: .failedPrecondition, message: "空缺不足",
            details: [
                ErrorDetail(type: Common.VacancyFacts.fullName, value: try facts.encodedBytes())
            ])
        #expect(error.facts == ["2022 年度中级核准 1，已推荐 1"])
    }

    @Test("The cast's evidence is a PDF, and its persons differ")
    func cast() {
        #expect(CastItems.pdf(named: "a.pdf").content.starts(with: "%PDF-".utf8))
        let persons = [
            Cast.jiaojiao1, Cast.jiaojiao2, Cast.yaojiao2, Cast.schoolTeacher, Cast.newcomer,
            Cast.yizhongReviewer,
        ]
        #expect(Set(persons.map(\.idNumber)).count == persons.count)
        #expect(persons.allSatisfy { $0.idNumber.hasPrefix("350199") })
    }
}
