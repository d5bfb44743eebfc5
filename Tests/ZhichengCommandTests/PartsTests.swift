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
