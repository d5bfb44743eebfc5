import Glibc
import Synchronization
import Testing

@testable import Secrets

@Suite("Passwords")
struct PasswordHasherTests {
    private let hasher = PasswordHasher.cheapForTests

    @Test(
        "The right password and no other",
        arguments: [
            "Password-2022", "a", "密码 口令", String(repeating: "x", count: 1_024), "\u{0}",
        ])
    func roundTrip(password: String) async throws {
        let stored = try await hasher.hash(password)
        #expect(stored.hasPrefix("scrypt:10:8:1:") && stored.utf8.count <= 200)
        #expect(!stored.contains(password) || password == "a")
        #expect(try await hasher.verify(password, against: stored))
        for wrong in [password + " ", String(password.dropLast()), password.uppercased() + "X"] {
            #expect(try await !hasher.verify(wrong, against: stored))
        }
    }

    @Test("One password twice has two hashes")
    func salted() async throws {
        #expect(try await hasher.hash("Password-2022") != hasher.hash("Password-2022"))
    }

    @Test("The parameters of production", .timeLimit(.minutes(1)))
    func standard() async throws {
        let hasher = PasswordHasher()
        let stored = try await hasher.hash("Password-2022")
        #expect(stored.hasPrefix("scrypt:17:8:1:"))
        #expect(try await hasher.verify("Password-2022", against: stored))
        #expect(try await !hasher.verify("Password-2023", against: stored))
    }

    @Test("Without a stored hash the answer is no, after a computation")
    func unknownAccount() async throws {
        #expect(try await !hasher.verify("Password-2022", against: nil))
        #expect(try await !hasher.verify("", against: nil))
        #expect(try await !hasher.verify("nobody", against: nil))
        // The standard cost takes its time for nobody, too.
        let clock = ContinuousClock()
        let taken = try await clock.measure {
            _ = try await PasswordHasher().verify("Password-2022", against: nil)
        }
        #expect(taken > .milliseconds(50))
    }

    @Test("A drawn password is known at once; any other takes as long as without an account")
    func random() async throws {
        let stored = hasher.hash(random: "aB3dE5gH7jK9mN2p")
        #expect(stored.hasPrefix("random:") && !stored.contains("aB3d"))
        #expect(stored != hasher.hash(random: "aB3dE5gH7jK9mN2p"))
        // The work of the standard cost would be refused: there is none.
        let busy = PasswordHasher(cost: .standard, pool: WorkPool(threads: 0, waiting: 0))
        #expect(try await busy.verify("aB3dE5gH7jK9mN2p", against: stored))
        let clock = ContinuousClock()
        for wrong in ["aB3dE5gH7jK9mN2q", "", String(repeating: "x", count: 1_025)] {
            let taken = try await clock.measure {
                let isRight = try await PasswordHasher().verify(wrong, against: stored)
                #expect(!isRight)
            }
            #expect(taken > .milliseconds(50))
        }
    }

    @Test("What is no hash of a drawn password is refused")
    func malformedRandom() async throws {
        let whole = hasher.hash(random: "aB3dE5gH7jK9mN2p")
        let cuts = ("random:".count..<whole.count).map { String(whole.prefix($0)) }
        for text in cuts + [whole + "0", whole + ":", "random:" + whole, whole.uppercased()] {
            await #expect(throws: PasswordError.notAHash) {
                try await hasher.verify("aB3dE5gH7jK9mN2p", against: text)
            }
        }
    }

    @Test("A password has 1 to 1,024 bytes", arguments: ["", String(repeating: "x", count: 1_025)])
    func bounded(password: String) async throws {
        await #expect(throws: PasswordError.length) { try await hasher.hash(password) }
        let stored = try await hasher.hash("nobody")
        #expect(try await !hasher.verify(password, against: stored))
    }

    @Test("What another implementation of scrypt made is verified")
    func vector() throws {
        let stored = try PasswordHash(parsing: Self.sample)
        #expect(stored.cost == .cheap)
        #expect(stored.text == Self.sample)
        #expect(try stored.matches("password"))
    }

    /// hashlib.scrypt(b"password", salt=bytes(range(16)), n=1024, r=8, p=1, dklen=32)
    private static let sample =
        "scrypt:10:8:1:000102030405060708090a0b0c0d0e0f:"
        + "3a7c0782a4dbdf543acd7c522fe853d9b34abb8af27a5c6597488cdf228140b5"

    @Test(
        "Parameters out of bounds are refused before anything is computed",
        arguments: [
            "9:8:1", "18:8:1", "63:8:1", "64:8:1", "-1:8:1", "10:7:1", "10:9:1", "10:8:0", "10:8:5",
            "10:8:-1", "99999999999999999999:8:1", "010:8:1", "+10:8:1", " 10:8:1", "10:8",
            "10:8:1:1",
            "10::1", "10:8:1e0",
        ])
    func parameters(parameters: String) async {
        let text = Self.sample.replacing("10:8:1", with: parameters, maxReplacements: 1)
        await #expect(throws: PasswordError.notAHash) {
            try await hasher.verify("password", against: text)
        }
    }

    @Test("Every cut of a stored hash, and whatever else, is refused")
    func malformed() async {
        let cuts = (0..<Self.sample.count).map { String(Self.sample.prefix($0)) }
        let others = [
            Self.sample + "0", Self.sample + ":", Self.sample.uppercased(), "bcrypt" + Self.sample,
            Self.sample.replacing("scrypt", with: "argon2"), String(repeating: "s", count: 100_000),
        ]
        for text in cuts + others {
            #expect(throws: PasswordError.notAHash) { try PasswordHash(parsing: text) }
        }
    }
}

@Suite("Work on own threads")
struct WorkPoolTests {
    /// Counts works that run at once; each waits until the gate opens.
    private final class Gate: Sendable {
        struct State {
            var isOpen = false
            var running = 0
            var most = 0
        }
        let state = Mutex(State())

        func pass() {
            state.withLock {
                $0.running += 1
                $0.most = max($0.most, $0.running)
            }
            while !state.withLock(\.isOpen) { usleep(1_000) }
            state.withLock { $0.running -= 1 }
        }

        func open() { state.withLock { $0.isOpen = true } }
    }

    @Test("Two at once, a bounded number waits, more are refused", .timeLimit(.minutes(1)))
    func bounded() async throws {
        let pool = WorkPool(threads: 2, waiting: 3)
        let gate = Gate()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<9 {
                group.addTask {
                    do {
                        try await pool.run { gate.pass() }
                        return true
                    } catch { return false }
                }
            }
            // Four are refused while the others are held.
            var outcomes: [Bool] = []
            for _ in 0..<4 { outcomes.append(await group.next() ?? true) }
            // Both threads are at the gate, however long the system took to start them.
            while gate.state.withLock(\.running) < 2 { await Task.yield() }
            gate.open()
            for await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
        #expect(outcomes == [false, false, false, false, true, true, true, true, true])
        #expect(gate.state.withLock(\.most) == 2)
        // Idle again, it takes new work.
        #expect(try await pool.run { 7 } == 7)
    }

    @Test("What the work throws reaches who waits")
    func throwing() async {
        let pool = WorkPool(threads: 1, waiting: 1)
        await #expect(throws: PasswordError.notAHash) {
            try await pool.run { throw PasswordError.notAHash }
        }
    }

    @Test("A thousand works of many tasks all end", .timeLimit(.minutes(1)))
    func many() async throws {
        let pool = WorkPool(threads: 2, waiting: 1_000)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for value in 0..<1_000 { group.addTask { try await pool.run { value } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 499_500)
    }
}
