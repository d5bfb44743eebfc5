import Domain
import RPC
import TestSupport
import Testing

@testable import IdentityService

@Suite struct ThrottleTests {
    private func network(_ n: Int) -> SignInSource {
        var peer = Peer(name: "p", isAuthenticated: false)
        peer.network = PeerNetwork(address: [10, 0, UInt8(n >> 8), UInt8(n & 255)])
        return SignInSource(peer)
    }

    /// Begins a try; nil when it has to wait.
    private func begin(
        _ throttle: SignInThrottle, _ account: String = "a", from source: SignInSource = .here,
        at now: Timestamp
    ) -> SignInThrottle.Try? {
        guard case .admitted(let begun) = throttle.begin(account: account, from: source, at: now)
        else { return nil }
        return begun
    }

    /// A guesser who waits as told, and no longer.
    @Test func waitsGrowAndAreForgotten() {
        let throttle = SignInThrottle()
        var now = Timestamp(milliseconds: 1_000_000_000)
        func guess(at now: Timestamp) -> Int64? {
            switch throttle.begin(account: "a", from: .here, at: now) {
            case .admitted(let begun):
                throttle.end(begun, .wrong, at: now)
                return nil
            case .wait(let wait): return wait.components.seconds
            }
        }
        var waits: [Int64] = []
        for _ in 0..<SignInThrottle.freeFailures { #expect(guess(at: now) == nil) }
        while waits.count < 12, let wait = guess(at: now) {
            waits.append(wait)
            now = Timestamp(milliseconds: now.milliseconds + wait * 1_000)
            #expect(guess(at: now) == nil)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        #expect(begin(throttle, at: now) == nil)
        #expect(begin(throttle, "b", at: now) != nil)
        now = Timestamp(
            milliseconds: now.milliseconds + SignInThrottle.memoryMilliseconds + 1)
        #expect(guess(at: now) == nil)
        #expect(guess(at: now) == nil)
    }

    @Test func manyNetworksTogetherAreHeldUpAndFamiliarOnesAreNot() throws {
        let throttle = SignInThrottle()
        let now = Timestamp(milliseconds: 1_000_000_000)
        let home = network(0)
        throttle.end(try #require(begin(throttle, from: home, at: now)), .right, at: now)
        for n in 0..<SignInThrottle.freeFailuresOfStrangers {
            let begun = try #require(begin(throttle, from: network(1 + n / 4), at: now))
            throttle.end(begun, .wrong, at: now)
        }
        #expect(begin(throttle, from: network(999), at: now) == nil)
        #expect(begin(throttle, "b", from: network(999), at: now) != nil)
        throttle.end(try #require(begin(throttle, from: home, at: now)), .right, at: now)
        #expect(begin(throttle, from: network(999), at: now) == nil)
    }

    /// Whatever comes in whatever order: who has to wait follows from the wrong passwords of the last hour and from what is
    /// being compared, and from no right one.
    @Test(arguments: UInt64(1)...20)
    func onlyWrongPasswordsHoldUp(_ seed: UInt64) {
        var random = SeededNumbers(seed)
        let throttle = SignInThrottle()
        var now = Timestamp(milliseconds: 1_000_000_000)
        let shareOfRight = Int(seed % 5) * 25
        var model: [Int: (wrong: [Int64], comparing: Int)] = [:]
        var open: [(source: Int, begun: SignInThrottle.Try)] = []
        for _ in 0..<3_000 {
            let source = Int.random(in: 0..<3, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                let step: Int64 = [10, 1_000, 60_000, 3_700_000].randomElement(using: &random) ?? 0
                now = Timestamp(milliseconds: now.milliseconds + step)
            case 1...5:
                let known = model[source] ?? ([], 0)
                let begun = begin(throttle, from: network(source), at: now)
                #expect((begun != nil) == admits(known.wrong, known.comparing, at: now))
                guard let begun else { continue }
                model[source] = (known.wrong, known.comparing + 1)
                open.append((source, begun))
            default:
                guard let ended = open.indices.randomElement(using: &random) else { continue }
                let (source, begun) = open.remove(at: ended)
                let isRight = Int.random(in: 0..<100, using: &random) < shareOfRight
                throttle.end(begun, isRight ? .right : .wrong, at: now)
                model[source]?.comparing -= 1
                if !isRight { model[source]?.wrong.append(now.milliseconds) }
            }
        }
    }

    /// The rule, from the whole history of an account at a source. (Strangers' hundred is not reached.)
    private func admits(_ wrong: [Int64], _ comparing: Int, at now: Timestamp) -> Bool {
        var counted = 0
        var last = now.milliseconds
        for moment in wrong.reversed() {
            guard last - moment <= SignInThrottle.memoryMilliseconds else { break }
            counted += 1
            last = moment
        }
        guard counted >= SignInThrottle.freeFailures, let latest = wrong.last else {
            return comparing < SignInThrottle.mostAtOnce
        }
        let wait: Int64 = min(
            300_000, 1_000 << Int64(min(counted - SignInThrottle.freeFailures, 20)))
        return comparing == 0 && now.milliseconds >= latest + wait
    }

    /// The name of an anonymous peer is what it likes, that of a service is certified.
    @Test func sourcesAreWhatIsProved() {
        func source(_ name: String, _ isAuthenticated: Bool, _ address: [UInt8]) -> SignInSource {
            var peer = Peer(name: name, isAuthenticated: isAuthenticated)
            peer.network = PeerNetwork(address: address)
            return SignInSource(peer)
        }
        #expect(source("a", false, [1, 2, 3, 4]) == source("b", false, [1, 2, 3, 4]))
        #expect(source("a", false, [1, 2, 3, 4]) != source("a", false, [1, 2, 3, 5]))
        #expect(
            source("portal/1@1", true, [1, 2, 3, 4]) == source("portal/2@1", true, [1, 2, 3, 5]))
        #expect(source("portal/1@1", false, []) == .here)
    }
}
