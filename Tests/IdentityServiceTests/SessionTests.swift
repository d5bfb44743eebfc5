import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct SessionTests {
    private func code(_ harness: Harness, _ session: [UInt8]) async -> RPCCode? {
        do {
            _ = try await harness.identity(session).getSession(Identity.GetSessionRequest())
            return nil
        } catch {
            return error.code
        }
    }

    @Test func endsAfterFifteenIdleMinutes() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        harness.clock.advance(by: .seconds(15 * 60 - 1))
        #expect(await code(harness, session) == nil)
        await harness.keeper.flush()
        // The request just made counts.
        harness.clock.advance(by: .seconds(15 * 60 - 1))
        #expect(await code(harness, session) == nil)
        await harness.keeper.flush()
        harness.clock.advance(by: .seconds(15 * 60))
        #expect(await code(harness, session) == .unauthenticated)
    }

    @Test func endsAfterTwelveHoursHoweverBusy() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        var lastExpiry: Int64 = 0
        for minute in 1..<72 {
            harness.clock.advance(by: .seconds(600))
            let user = try await harness.identity(session).getSession(
                Identity.GetSessionRequest())
            await harness.keeper.flush()
            #expect(user.idleExpiresMs <= user.expiresMs, "minute \(10 * minute)")
            lastExpiry = user.idleExpiresMs
        }
        #expect(lastExpiry - harness.clock.now().milliseconds <= 600_000)
        harness.clock.advance(by: .seconds(600))
        #expect(await code(harness, session) == .unauthenticated)
    }

    @Test func requestsAreNotedOnceAMinute() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        let start = try harness.number("SELECT max(seen_ms) FROM sessions")
        harness.clock.advance(by: .seconds(50))
        _ = await code(harness, session)
        await harness.keeper.flush()
        #expect(try harness.number("SELECT max(seen_ms) FROM sessions") == start)
        harness.clock.advance(by: .seconds(10))
        _ = await code(harness, session)
        await harness.keeper.flush()
        #expect(try harness.number("SELECT max(seen_ms) FROM sessions") >= start + 60_000)
    }

    @Test func signingOutEndsOneSession() async throws {
        let harness = try Harness()
        let first = try await harness.activeUnit().session
        let second = try await harness.signIn(.school).session
        _ = try await harness.identity(first).signOut(Identity.SignOutRequest())
        #expect(await code(harness, first) == .unauthenticated)
        #expect(await code(harness, second) == nil)
    }

    @Test func onlyTheHashOfATokenIsStored() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        #expect(
            try harness.number(
                "SELECT count(*) FROM sessions WHERE token_hash = ?", [.blob(session)]) == 0)
        #expect(try harness.number("SELECT count(*) FROM sessions") == 1)
    }

    @Test func mutatedTokensAreRefused() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        for index in session.indices {
            var mutated = session
            mutated[index] ^= 1
            #expect(await code(harness, mutated) == .unauthenticated)
        }
        #expect(await code(harness, Array(session.dropLast())) == .unauthenticated)
        #expect(await code(harness, session + [0]) == .unauthenticated)
        #expect(await code(harness, session) == nil)
    }

    @Test func aPersonKeepsTheTwentyNewest() async throws {
        let harness = try Harness()
        let first = try await harness.activeUnit().session
        for _ in 0..<20 {
            harness.clock.advance(by: .milliseconds(1))
            _ = try await harness.signIn(.school)
        }
        #expect(try harness.number("SELECT count(*) FROM sessions") == 20)
        #expect(await code(harness, first) == .unauthenticated)
    }

    @Test func servicesResolveSessionsWithTheKeyAndNobodyElseDoes() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        let request = Identity.ResolveSessionRequest(session: session)
        let resolved = try await harness.service.resolveSession(request)
        #expect(resolved.personKey.count == 32)
        #expect(resolved.role == .unitAdministrator && resolved.unitOfficers == 1)
        #expect(resolved.unit?.quotaRequired == true)
        #expect(resolved.unit?.regionLabel == "福建省-福州市")
        #expect(resolved.unit?.administrativeLevel == "市级")
        #expect(
            try await refusal { try await harness.identity().resolveSession(request) }.code
                == .permissionDenied)
        #expect(
            try await refusal { try await harness.identity(session).resolveSession(request) }.code
                == .permissionDenied)
        let own = try await harness.identity(session).getSession(Identity.GetSessionRequest())
        #expect(own.personKey.isEmpty)
    }
}
