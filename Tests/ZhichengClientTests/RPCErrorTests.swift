import Messages
import RPC
import Testing
import ZhichengClient

@Suite("Errors as a program sees them")
struct RPCErrorTests {
    private func error(_ details: [any Message]) throws -> RPCError {
        RPCError(
            code: .failedPrecondition, message: "岗位空缺数不足",
            details: try details.map {
                ErrorDetail(type: type(of: $0).fullName, value: try $0.encodedBytes())
            })
    }

    @Test("Typed facts are found among the details")
    func facts() throws {
        let error = try error([
            Common.FieldViolations(violations: [.init(label: "姓名", message: "必填")]),
            Common.VacancyFacts(year: 2_022, approved: 1, recommended: 1),
            Common.ClaimHolder(officerName: "审核员"), Common.VersionFacts(currentVersion: 4),
        ])
        #expect(error.fieldViolations.map(\.label) == ["姓名"])
        #expect(error.vacancy?.recommended == 1)
        #expect(error.claimHolder?.officerName == "审核员")
        #expect(error.currentVersion == 4)
    }

    @Test("Absent facts are absent, unreadable ones too")
    func absent() throws {
        let none = try error([])
        #expect(none.fieldViolations.isEmpty && none.vacancy == nil && none.currentVersion == nil)
        var broken = none
        broken.details = [ErrorDetail(type: Common.VacancyFacts.fullName, value: [0xFF])]
        #expect(broken.vacancy == nil)
    }

    @Test(
        "The service is read off the method",
        arguments: [
            ("quota.v1.Quota/ListRecords", ServiceName.quota),
            ("identity.v1.Identity/SignIn", .identity), ("tasks.v1.TaskCentre/List", .tasks),
            ("wire.v1.Health/Check", nil), ("", nil),
        ])
    func service(method: String, service: ServiceName?) {
        var error = RPCError(code: .unavailable, message: "")
        #expect(error.service == nil)
        error.method = method
        #expect(error.service == service)
    }

    @Test("A service's words to its users are kept, others are put as a sentence")
    func languages() {
        let refused = RPCError(code: .failedPrecondition, message: "岗位空缺数不足")
        #expect(refused.message(in: .chinese) == "岗位空缺数不足")
        #expect(refused.message(in: .english) == "The present state does not allow this: 岗位空缺数不足")
        let lost = RPCError(code: .unavailable, message: "no connection to 127.0.0.1:1: refused")
        #expect(lost.message(in: .chinese) == "服务暂时不可用，请稍后再试")
        #expect(
            lost.message(in: .english) == "The service cannot be reached; please try again later")
    }

    @Test("A call that may have run is not called undone")
    func unknownOutcome() {
        let late = RPCError(code: .deadlineExceeded, message: "", verdict: .unknown)
        #expect(late.message(in: .chinese).contains("可能已经完成"))
        let early = RPCError(code: .deadlineExceeded, message: "", verdict: .notExecuted)
        #expect(!early.message(in: .chinese).contains("可能已经完成"))
    }

    @Test("Every code has a sentence in every language", arguments: RPCCode.allCases)
    func sentences(code: RPCCode) {
        guard code != .ok else { return }
        let error = RPCError(code: code, message: "a technical text")
        for language in MessageLanguage.allCases {
            let text = error.message(in: language)
            #expect(!text.isEmpty && !text.contains("technical"))
            #expect(text.contains(where: \.isASCII) == (language == .english))
        }
    }
}
