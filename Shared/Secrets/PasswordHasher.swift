import Crypto

/// Why a password could not be hashed or verified. Says nothing of the password.
package enum PasswordError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Outside of ``PasswordHasher/byteCounts``.
    case length
    /// Too many wait already; nothing was done, and it may be tried again.
    case busy
    /// What is stored is no hash, or its parameters are out of bounds.
    case notAHash
    /// The computation failed.
    case failed

    package var description: String {
        switch self {
        case .length: "a password has 1 to \(PasswordHasher.byteCounts.upperBound) bytes"
        case .busy: "too many passwords are being computed; try again"
        case .notAHash: "a stored password hash is malformed or its parameters are out of bounds"
        case .failed: "a password hash could not be computed"
        }
    }
}

/// Hashes passwords with scrypt, at N = 2¹⁷, r = 8, p = 1: 128 MiB for half a second each. So at
/// most two are computed at once, on threads of their own, and a bounded number waits.
package struct PasswordHasher: Sendable {
    /// Bytes of a password.
    package static let byteCounts = 1...1_024

    private let cost: ScryptCost
    private let pool: WorkPool

    /// A service makes one: the bound on computations is the hasher's.
    package init() {
        self.init(cost: .standard, pool: WorkPool(threads: 2, waiting: 32))
    }

    init(cost: ScryptCost, pool: WorkPool) {
        self.cost = cost
        self.pool = pool
    }

    /// N = 2¹⁰: what it makes resists nobody.
    package static let cheapForTests = PasswordHasher(
        cost: .cheap, pool: WorkPool(threads: 2, waiting: 1_024))

    /// Hashes a new password with a new salt.
    /// - Returns: ASCII text with algorithm, parameters, salt and hash, at most 200 bytes.
    /// - Throws: ``PasswordError``.
    package func hash(_ password: String) async throws -> String {
        guard Self.byteCounts.contains(password.utf8.count) else { throw PasswordError.length }
        let cost = cost
        return try await pool.run { try PasswordHash(of: password, cost: cost).text }
    }

    /// Hashes a new password that a program drew at random, fast: nobody can guess it.
    /// - Parameter password: of at least 80 bits of chance.
    /// - Returns: ASCII text that ``verify(_:against:)`` knows, at most 200 bytes.
    package func hash(random password: String) -> String {
        RandomPasswordHash(of: password).text
    }

    /// Whether the password is the one that was hashed.
    ///
    /// A wrong password takes as long without a stored hash, or when it cannot be one, or against one of
    /// ``hash(random:)``: the time does not tell whether there is an account, nor whether it was ever used.
    /// - Throws: ``PasswordError``.
    package func verify(_ password: String, against stored: String?) async throws -> Bool {
        var stored = stored
        if let text = stored, text.hasPrefix(RandomPasswordHash.scheme) {
            let random = try RandomPasswordHash(parsing: text)
            if Self.byteCounts.contains(password.utf8.count), random.matches(password) {
                return true
            }
            stored = nil
        }
        return try await verifySlowly(password, against: stored)
    }

    private func verifySlowly(_ password: String, against stored: String?) async throws -> Bool {
        let stored = try stored.map(PasswordHash.init(parsing:))
        let cost = cost
        guard let stored, Self.byteCounts.contains(password.utf8.count) else {
            let cost = stored?.cost ?? cost
            _ = try await pool.run { try PasswordHash(of: "nobody", cost: cost) }
            return false
        }
        return try await pool.run { try stored.matches(password) }
    }
}
