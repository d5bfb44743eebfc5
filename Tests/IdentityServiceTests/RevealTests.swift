import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

/// Numbers in clear are a noted act that the person can see (E4).
@Suite struct RevealTests {
    @Test func aLookIsNotedForThePerson() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let applicant = try await harness.applicant(1)
        let registration = try await harness.register(applicant, with: unit.id)
        #expect(try await harness.identity(applicant.session).listReveals(.init()).total == 0)
        let seen = try await harness.identity(unit.session).revealPerson(
            .init(registrationID: registration.id, reason: "核对证件"))
        #expect(seen.idNumber == applicant.number && seen.phone == applicant.phone)
        #expect(seen.name == applicant.name)
        let log = try await harness.identity(applicant.session).listReveals(.init())
        #expect(log.total == 1)
        #expect(log.reveals.map(\.officerName) == ["陈经办"])
        #expect(log.reveals.map(\.unitName) == ["福州市第一中学"])
        #expect(log.reveals.map(\.reason) == ["核对证件"])
        #expect(
            try harness.number(
                "SELECT count(*) FROM audit WHERE action = 'identity.person.reveal'") == 1)
    }

    @Test func eachLookIsOne() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let applicant = try await harness.applicant(1)
        let registration = try await harness.register(applicant, with: unit.id)
        for number in 1...12 {
            _ = try await harness.identity(unit.session).revealPerson(
                .init(registrationID: registration.id, reason: "第 \(number) 次"))
            harness.clock.advance(by: .milliseconds(1))
        }
        let client = harness.identity(applicant.session)
        let first = try await client.listReveals(.init())
        #expect(first.total == 12 && first.reveals.first?.reason == "第 12 次")
        let second = try await client.listReveals(
            .init(page: Common.PageRequest(cursor: first.nextCursor)))
        #expect(second.reveals.map(\.reason) == ["第 2 次", "第 1 次"])
    }

    @Test func strangersSeeNothingAndLeaveNoNote() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let other = try await harness.activeUnit(.company)
        let applicant = try await harness.applicant(1)
        let registration = try await harness.register(applicant, with: unit.id)
        let request = Identity.RevealPersonRequest(
            registrationID: registration.id, reason: "核对证件")
        let codes = [
            try await refusal { try await harness.identity(other.session).revealPerson(request) },
            try await refusal {
                try await harness.identity(applicant.session).revealPerson(request)
            },
            try await refusal {
                try await harness.identity(unit.session).revealPerson(
                    .init(registrationID: registration.id, reason: " "))
            },
            try await refusal {
                try await harness.identity(unit.session).revealPerson(
                    .init(
                        registrationID: registration.id,
                        reason: String(repeating: "核", count: 201)))
            },
            try await refusal { try await harness.identity(unit.session).listReveals(.init()) },
        ].map(\.code)
        #expect(
            codes == [
                .notFound, .permissionDenied, .invalidArgument, .invalidArgument,
                .permissionDenied,
            ])
        #expect(try harness.number("SELECT count(*) FROM reveals") == 0)
    }
}
