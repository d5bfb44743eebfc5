import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import IdentityService

/// Answers to ResolveSession are leases; whoever changes a session waits for them (I9).
@Suite struct LeaseTests {
    private let harness: Harness
    private let watch: UInt64

    init() throws {
        harness = try Harness()
        watch = try #require(harness.leases.open()).id
    }

    private func resolve(_ session: [UInt8]) async throws -> Identity.Session {
        try await harness.service.resolveSession(.init(session: session, watchID: watch))
    }

    @Test func whoWatchesMayKeepAnAnswerForFiveSeconds() async throws {
        let session = try await harness.activeUnit().session
        #expect(try await resolve(session).leaseMs == 5_000)
        for other: UInt64 in [0, watch + 1] {
            let answer = try await harness.service.resolveSession(
                .init(session: session, watchID: other))
            #expect(answer.leaseMs == 0)
        }
        #expect(try await harness.identity(session).getSession(.init()).leaseMs == 0)
        harness.leases.close(watch)
        #expect(try await resolve(session).leaseMs == 0)
    }

    @Test func signingOutAnswersWhenNoLeaseIsLeft() async throws {
        let unit = try await harness.activeUnit()
        let other = try await harness.signIn(.school).session
        _ = try await resolve(unit.session)
        harness.time.advance(by: .seconds(2))
        _ = try await harness.identity(other).signOut(.init())
        #expect(harness.time.waited == [.seconds(2)])
        _ = try await harness.identity(unit.session).signOut(.init())
        #expect(harness.time.waited == [.seconds(2), .seconds(3)])
    }

    /// A watch that broke leaves leases behind.
    @Test func leasesOfAWatchThatEndedAreWaitedFor() async throws {
        let session = try await harness.activeUnit().session
        _ = try await resolve(session)
        harness.leases.close(watch)
        _ = try await harness.identity(session).signOut(.init())
        #expect(harness.time.waited == [.seconds(5)])
    }

    @Test func theLatestLeaseCounts() async throws {
        let session = try await harness.activeUnit().session
        for _ in 0..<4 {
            _ = try await resolve(session)
            harness.time.advance(by: .seconds(4))
        }
        _ = try await harness.identity(session).signOut(.init())
        #expect(harness.time.waited.last == .seconds(1))
    }

    @Test func whoHasNoLeaseIsNotWaitedFor() async throws {
        let session = try await harness.activeUnit().session
        _ = try await resolve(session)
        harness.time.advance(by: .seconds(5))
        _ = try await harness.identity(session).signOut(.init())
        #expect(harness.time.waited == [.seconds(5)])
    }

    /// Everything that a session says, or that ends it.
    @Test func changesWait() async throws {
        let unit = try await harness.activeUnit()
        var waits = 0
        func waited(_ call: () async throws -> Void) async throws {
            _ = try await resolve(unit.session)
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
        let applicant = try await harness.applicant(1)
        _ = try await resolve(applicant.session)
        _ = try await harness.operator_.resetPassword(.init(account: applicant.account.name))
        #expect(harness.time.waited == [.seconds(5)])
        #expect(
            try await refusal { try await resolve(applicant.session) }.code == .unauthenticated)
    }

    /// Through the service's own stream.
    @Test func whoWatchesIsTold() async throws {
        let session = try await harness.activeUnit().session
        let service = harness.service
        try await service.watchRevocations { acknowledgements, revocations in
            var told = revocations.makeAsyncIterator()
            let first = try await told.next()
            let watch = try #require(first).watchID
            _ = try await service.resolveSession(.init(session: session, watchID: watch))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await harness.identity(session).signOut(.init())
                }
                let revocation = try await told.next()
                #expect(revocation?.sequence == 1 && revocation?.tokenHashes.count == 1)
                #expect(revocation?.tokenHashes.first?.count == 32)
                try await acknowledgements.send(.init(sequence: 1))
                try await group.waitForAll()
            }
        }
    }
}

/// The book by itself.
@Suite struct LeaseBookTests {
    private let time = ManualTime()

    private func book(afterRestart: Bool = false) -> LeaseBook {
        LeaseBook(
            afterRestart: afterRestart, now: { [time] in time.now },
            sleep: { [time] in time.advance(by: $0) })
    }

    @Test func aQuestionThatAChangeOvertakesIsNoLease() async throws {
        let book = book()
        let watch = try #require(book.open()).id
        let early = book.ticket()
        try await book.end(.person("another"))
        #expect(book.grant(early, to: watch, tokenHash: [1], person: "p", unit: "") == nil)
        #expect(
            book.grant(book.ticket(), to: watch, tokenHash: [1], person: "p", unit: "")
                == .seconds(5))
    }

    @Test func leasesOfAnEarlierProcessAreWaitedFor() async throws {
        let book = book(afterRestart: true)
        try await book.end(.session([1]))
        try await book.end(.session([1]))
        #expect(time.waited == [.seconds(5)])
    }

    /// Nobody sleeps here: only acknowledgements end the waits.
    @Test func everyHolderIsWaitedFor() async throws {
        let book = LeaseBook(
            afterRestart: false, now: { [time] in time.now },
            sleep: { _ in try await Task.sleep(for: .seconds(600)) })
        let watches = [try #require(book.open()), try #require(book.open())]
        for watch in watches {
            _ = book.grant(
                book.ticket(), to: watch.id, tokenHash: [1], person: "p", unit: "u")
        }
        _ = try #require(book.open())
        let done = ManualTime()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await book.end(.unit("u"))
                done.advance(by: .zero)
            }
            for watch in watches {
                var told = watch.revocations.makeAsyncIterator()
                let revocation = await told.next()
                #expect(revocation == .init(sequence: 1, tokenHashes: [[1]]))
                #expect(done.waited.isEmpty)
                book.acknowledge(watch.id, upTo: 1)
            }
            try await group.waitForAll()
        }
        // Told and acknowledged once: a repeat of the change has nobody to wait for.
        try await book.end(.unit("u"))
        #expect(done.waited.count == 1)
    }

    @Test func moreLeasesThanThereIsRoomForAreNone() throws {
        let book = book()
        let watch = try #require(book.open()).id
        func grant(_ number: Int) -> Duration? {
            let hash = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            return book.grant(
                book.ticket(), to: watch, tokenHash: hash, person: "p", unit: "u")
        }
        for number in 0..<LeaseBook.most { _ = grant(number) }
        #expect(grant(LeaseBook.most) == nil)
        #expect(grant(0) == .seconds(5))
        time.advance(by: .seconds(6))
        #expect(grant(LeaseBook.most) == .seconds(5))
    }

    @Test func watchesAreBounded() {
        let book = book()
        for _ in 0..<LeaseBook.mostWatches { #expect(book.open() != nil) }
        #expect(book.open() == nil)
        book.close(1)
        #expect(book.open() != nil)
    }
}
