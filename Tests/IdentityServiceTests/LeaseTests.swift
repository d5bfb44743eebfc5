import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Testing

@testable import IdentityService

/// Answers to ResolveSession are leases; whoever changes a session waits for them (I9).
@Suite struct LeaseTests {
    private func resolve(_ harness: Harness, _ session: [UInt8]) async throws -> Identity.Session {
        try await harness.service.resolveSession(.init(session: session))
    }

    @Test func servicesMayKeepAnAnswerForFiveSeconds() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        #expect(try await resolve(harness, session).leaseMs == 5_000)
        #expect(try await harness.identity(session).getSession(.init()).leaseMs == 0)
    }

    @Test func signingOutAnswersWhenNoLeaseIsLeft() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let other = try await harness.signIn(.school).session
        _ = try await resolve(harness, unit.session)
        harness.time.advance(by: .seconds(2))
        _ = try await harness.identity(other).signOut(.init())
        #expect(harness.time.waited == [.seconds(2)])
        _ = try await harness.identity(unit.session).signOut(.init())
        #expect(harness.time.waited == [.seconds(2), .seconds(3)])
    }

    @Test func theLatestLeaseCounts() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        for _ in 0..<4 {
            _ = try await resolve(harness, session)
            harness.time.advance(by: .seconds(4))
        }
        _ = try await harness.identity(session).signOut(.init())
        #expect(harness.time.waited.last == .seconds(1))
    }

    @Test func whoHasNoLeaseIsNotWaitedFor() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        _ = try await resolve(harness, session)
        harness.time.advance(by: .seconds(5))
        _ = try await harness.identity(session).signOut(.init())
        #expect(harness.time.waited == [.seconds(5)])
    }

    /// Everything that a session says, or that ends it.
    @Test func changesWait() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        var waits = 0
        func waited(_ call: () async throws -> Void) async throws {
            _ = try await resolve(harness, unit.session)
            try await call()
            waits += 1
            #expect(harness.time.waited.count == waits)
        }
        var made = Identity.CreateAccountReply()
        try await waited {
            made = try await harness.identity(unit.session).createAccount(
                Identity.CreateAccountRequest(
                    account: "second-officer", role: .unitReviewer, name: "林审核",
                    idNumber: inventedNumber(birth: "19850505", sequence: 700)))
        }
        try await waited {
            _ = try await harness.identity(unit.session).changeOfficer(
                .init(personID: made.personID, role: .unitAdministrator))
        }
        try await waited {
            _ = try await harness.identity(unit.session).removeOfficer(
                .init(personID: made.personID))
        }
    }

    @Test func aPasswordEndsLeasesOfThePerson() async throws {
        let harness = try Harness()
        let applicant = try await harness.applicant(1)
        _ = try await resolve(harness, applicant.session)
        _ = try await harness.operator_.resetPassword(.init(account: applicant.account.name))
        #expect(harness.time.waited == [.seconds(5)])
        #expect(
            try await refusal { try await resolve(harness, applicant.session) }.code
                == .unauthenticated)
    }

    @Test func aQuestionThatAChangeOvertakesIsNoLease() async throws {
        let time = ManualTime()
        let book = LeaseBook(
            afterRestart: false, now: { time.now }, sleep: { time.advance(by: $0) })
        let early = book.ticket()
        try await book.end(.person("another"))
        #expect(book.grant(early, tokenHash: [1], person: "p", unit: "") == nil)
        #expect(book.grant(book.ticket(), tokenHash: [1], person: "p", unit: "") == .seconds(5))
    }

    @Test func leasesOfAnEarlierProcessAreWaitedFor() async throws {
        let time = ManualTime()
        let book = LeaseBook(
            afterRestart: true, now: { time.now }, sleep: { time.advance(by: $0) })
        try await book.end(.session([1]))
        try await book.end(.session([1]))
        #expect(time.waited == [.seconds(5)])
    }

    @Test func moreLeasesThanThereIsRoomForAreNone() async throws {
        let time = ManualTime()
        let book = LeaseBook(
            afterRestart: false, now: { time.now }, sleep: { time.advance(by: $0) })
        func grant(_ number: Int) -> Duration? {
            let hash = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            return book.grant(book.ticket(), tokenHash: hash, person: "p", unit: "u")
        }
        for number in 0..<LeaseBook.most { _ = grant(number) }
        #expect(grant(LeaseBook.most) == nil)
        #expect(grant(0) == .seconds(5))
        time.advance(by: .seconds(6))
        #expect(grant(LeaseBook.most) == .seconds(5))
    }
}
