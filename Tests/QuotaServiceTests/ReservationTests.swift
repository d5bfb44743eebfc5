import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import QuotaService

extension QuotaTests {
    /// Q3, and the steps R, Confirm and Release of a declaration that occupies a post.
    @Suite struct ReservationTests {
        @Test func oneVacancyIsTakenAndGivenBack() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 0, 1, 0])
            let taken = try await harness.reserve(1)
            #expect(taken.state == .reserved)
            #expect(
                taken.facts
                    == Common.VacancyFacts(
                        year: 2022, level: .intermediate, approved: 1, recommended: 1))
            var level = try await harness.counts()
            #expect(level.reserved == 1 && level.remaining == 0 && level.label == "中级")
            let late = try await harness.reserve(2)
            #expect(late.state == .refused && late.message == "2022 年度中级岗位没有空缺")
            #expect(late.facts?.approved == 1 && late.facts?.recommended == 1)
            #expect(try await harness.confirm(1) == .confirmed)
            level = try await harness.counts()
            #expect(level.reserved == 1 && level.remaining == 0)
            let seen = try await harness.admin.getRecord(Quota.GetRecordRequest(id: record.id))
            #expect(seen.recommended == 1)
            #expect(try await harness.release(1) == .released)
            #expect(try await harness.counts().remaining == 1)
            #expect(try await harness.reserve(3).state == .reserved)
            try harness.checkLedger()
            #expect(
                try harness.rows("SELECT action FROM audit ORDER BY sequence").suffix(5).map {
                    try $0.text("action")
                } == [
                    "quota.reserve", "quota.reserve", "quota.confirm", "quota.release",
                    "quota.reserve",
                ])
        }

        @Test func eachStepHappensOnce() async throws {
            let harness = try Harness()
            try await harness.confirmed([0, 0, 5, 0])
            let key = IdempotencyKey.random()
            let first = try await harness.reserve(1, key: key)
            // The same message again, and the same step in another message.
            #expect(try await harness.reserve(1, key: key) == first)
            #expect(try await harness.reserve(1) == first)
            for _ in 0..<3 { #expect(try await harness.confirm(1) == .confirmed) }
            #expect(try await harness.reserve(1) == first)
            for _ in 0..<3 { #expect(try await harness.release(1) == .released) }
            #expect(try await harness.confirm(1) == .released)
            let late = try await harness.reserve(1)
            #expect(late.state == .refused && late.message == "该预留已被释放")
            #expect(try harness.number("SELECT count(*) FROM ledger") == 2)
            try harness.checkLedger()
            let other = try await refusal { try await harness.reserve(2, key: key) }
            #expect(other.code == .failedPrecondition, "the same message with another body")
        }

        @Test func aTombstoneRefusesALateReserve() async throws {
            let harness = try Harness()
            try await harness.confirmed([0, 0, 5, 0])
            #expect(try await harness.release(1) == .released)
            #expect(try await harness.release(1) == .released)
            let late = try await harness.reserve(1)
            #expect(late.state == .refused)
            #expect(try await harness.confirm(1) == .released)
            #expect(try harness.number("SELECT count(*) FROM ledger") == 0)
            #expect(try await harness.counts().remaining == 5)
            // The next decision on the same round is another reservation.
            #expect(try await harness.reserve(2, declaration: 1).state == .reserved)
        }

        @Test func aRefusalIsDurable() async throws {
            let harness = try Harness()
            let none = try await harness.reserve(1)
            #expect(none.state == .refused && none.facts?.noRecord == true)
            #expect(none.message == "2022 年度没有已确认的岗位核准信息")
            // A draft is no record yet.
            let draft = try await harness.admin.saveRecord(
                Quota.SaveRecordRequest(year: 2022, vacancies: vacancies([9, 9, 9, 9])))
            #expect(try await harness.reserve(2).facts?.noRecord == true)
            #expect(
                try await harness.admin.getVacancies(Quota.GetVacanciesRequest(year: 2022))
                    == Quota.GetVacanciesReply(year: 2022))
            _ = try await harness.admin.uploadApprovalForm(
                Quota.UploadApprovalFormRequest(recordID: draft.id, file: .form))
            _ = try await harness.admin.submitRecord(
                Quota.SubmitRecordRequest(id: draft.id, expectedVersion: 1))
            #expect(try await harness.reserve(1) == none, "asked again, it is the same answer")
            let confirmed = try await refusal { try await harness.confirm(1) }
            #expect(confirmed.code == .failedPrecondition)
            #expect(try await harness.release(1) == .released)
            #expect(try await harness.reserve(1) == none)
            // Another year, and another unit's, have nothing.
            #expect(try await harness.reserve(3, year: 2023).facts?.noRecord == true)
            #expect(try await harness.reserve(4, unit: "unit-2").facts?.noRecord == true)
            #expect(try await harness.reserve(5, declaration: 1).state == .reserved)
        }

        @Test func aRoundHoldsAtMostOneVacancy() async throws {
            let harness = try Harness()
            try await harness.confirmed([0, 5, 5, 0])
            #expect(try await harness.reserve(1, declaration: 7).state == .reserved)
            let second = try await harness.reserve(2, declaration: 7, level: .seniorAssociate)
            #expect(second.state == .refused && second.message == "该申报本轮已占用一个岗位")
            #expect(try await harness.reserve(3, declaration: 7, round: 2).state == .reserved)
            // A reservation is one declaration's and one round's for ever.
            for call in [
                { _ = try await harness.reserve(1, declaration: 8) },
                { _ = try await harness.confirm(1, declaration: 8) },
                { _ = try await harness.release(1, declaration: 7, round: 2) },
            ] as [() async throws -> Void] {
                let error = try await refusal { try await call() }
                #expect(error.code == .failedPrecondition)
            }
            try harness.checkLedger()
        }

        @Test func aPassedDeclarationUsesItsVacancyForGood() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 0, 1, 0])
            _ = try await harness.reserve(1)
            _ = try await harness.confirm(1)
            let key = IdempotencyKey.random()
            for _ in 0..<2 { #expect(try await harness.consume(1, key: key) == .consumed) }
            #expect(try await harness.consume(1) == .consumed, "the same step in another message")
            let level = try await harness.counts()
            #expect(level.reserved == 0 && level.consumed == 1 && level.remaining == 0)
            #expect(try await harness.confirm(1) == .consumed, "a late message changes nothing")
            #expect(try await refusal { try await harness.release(1) }.code == .failedPrecondition)
            #expect(try await harness.reserve(2).state == .refused)
            let seen = try await harness.admin.getRecord(Quota.GetRecordRequest(id: record.id))
            #expect(seen.recommended == 1, "已推荐 counts what is used")
            try harness.checkLedger()
        }

        @Test func whatIsNotReservedIsNotUsed() async throws {
            let harness = try Harness()
            try await harness.confirmed([0, 0, 2, 0])
            #expect(try await refusal { try await harness.consume(1) }.code == .notFound)
            _ = try await harness.reserve(1)
            #expect(
                try await refusal { try await harness.consume(1, declaration: 2) }.code
                    == .failedPrecondition)
            _ = try await harness.release(1)
            #expect(try await refusal { try await harness.consume(1) }.code == .failedPrecondition)
            #expect(try await harness.counts().consumed == 0)
            try harness.checkLedger()
        }

        @Test func unlimitedStaysUnlimitedAndIsCounted() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([nil, nil, nil, nil])
            for number in 0..<12 {
                let level = Common.QuotaLevel.all[number % 4]
                let reply = try await harness.reserve(number, level: level)
                #expect(reply.state == .reserved && reply.facts?.unlimited == true)
            }
            let level = try await harness.counts()
            #expect(level.unlimited && level.reserved == 3 && level.remaining == 0)
            let seen = try await harness.admin.getRecord(Quota.GetRecordRequest(id: record.id))
            #expect(seen.vacancies == record.vacancies && seen.recommended == 12)
            try harness.checkLedger()
        }

        @Test func whatIsNotComplete() async throws {
            let harness = try Harness()
            let good = Quota.ReserveRequest(
                reservationID: "r", declarationID: "d", round: 1, unitID: "unit-1", year: 2022,
                level: .junior)
            var requests = Array(repeating: good, count: 5)
            requests[0].reservationID = ""
            requests[1].declarationID = String(repeating: "d", count: 65)
            requests[2].round = 0
            requests[3].level = .unspecified
            requests[4].level = .unrecognized(5)
            for request in requests {
                let error = try await refusal { try await harness.declaration.reserve(request) }
                #expect(error.code == .invalidArgument)
            }
            let confirm = try await refusal { try await harness.confirm(1) }
            #expect(confirm.code == .notFound)
            let release = try await refusal {
                try await harness.declaration.release(Quota.ReleaseRequest(reservationID: "r"))
            }
            #expect(release.code == .invalidArgument)
            #expect(try harness.number("SELECT count(*) FROM reservations") == 0)
        }

        @Test func vacanciesForOthers() async throws {
            let harness = try Harness()
            try await harness.confirmed([0, 0, 1, nil])
            let request = Quota.GetVacanciesRequest(year: 2022, unitID: "unit-1")
            let own = try await harness.quota(.reviewer).getVacancies(request)
            #expect(own.confirmed && own.levels.map(\.label) == ["正高", "副高", "中级", "初级"])
            #expect(try await harness.declaration.getVacancies(request) == own)
            #expect(try await harness.quota(.department).getVacancies(request) == own)
        }

        @Test func twoHundredRaceForTen() async throws {
            let harness = try Harness()
            try await harness.confirmed([0, 0, 10, 0])
            let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        // Each message twice, as after a lost answer.
                        let key = IdempotencyKey.random()
                        async let one = harness.reserve(number, key: key)
                        async let two = harness.reserve(number, key: key)
                        let answers = try await [one, two]
                        #expect(answers[0] == answers[1])
                        return answers[0].state == .reserved
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 10)
            #expect(try harness.number("SELECT count(*) FROM ledger") == 10)
            #expect(try harness.number("SELECT count(*) FROM reservations WHERE state = 2") == 190)
            try harness.checkLedger()
        }

        @Test(arguments: 0..<4) func anyOrderOfSteps(seed: Int) async throws {
            let harness = try Harness()
            try await harness.confirmed([0, 0, 3, 0])
            var generator = SystemRandomNumberGenerator()
            var states: [Int: Quota.ReservationState] = [:]
            for _ in 0..<150 {
                let number = Int.random(in: 0..<8, using: &generator)
                let state = states[number]
                let taken = states.values.count { $0 == .reserved || $0 == .confirmed }
                switch Int.random(in: 0..<4, using: &generator) {
                case 0, 1:
                    let reply = try await harness.reserve(number)
                    switch state {
                    case nil:
                        #expect(reply.state == (taken < 3 ? .reserved : .refused))
                        states[number] = reply.state
                    case .reserved, .confirmed: #expect(reply.state == .reserved)
                    default: #expect(reply.state == .refused)
                    }
                case 2:
                    if [.reserved, .confirmed].contains(state) {
                        #expect(try await harness.confirm(number) == .confirmed)
                        states[number] = .confirmed
                    } else if state == .released {
                        #expect(try await harness.confirm(number) == .released)
                    } else {
                        _ = try await refusal { try await harness.confirm(number) }
                    }
                default:
                    #expect(try await harness.release(number) == .released)
                    if state != .refused { states[number] = .released }
                }
                let now = states.values.count { $0 == .reserved || $0 == .confirmed }
                #expect(try await harness.counts().reserved == Int64(now))
            }
            try harness.checkLedger()
        }
    }
}
