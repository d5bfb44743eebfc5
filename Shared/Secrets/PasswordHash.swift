import Crypto
import CryptoExtras
import Domain

/// What scrypt costs: N = 2^log2N, r, p.
struct ScryptCost: Sendable, Hashable {
    let log2N: Int
    let r: Int
    let p: Int

    /// OWASP's first choice.
    static let standard = ScryptCost(log2N: 17, r: 8, p: 1)
    static let cheap = ScryptCost(log2N: 10, r: 8, p: 1)

    /// Whether a stored hash may ask for it: no more memory than the standard, at most four times
    /// its time.
    var isWithinBounds: Bool {
        (10...17).contains(log2N) && r == 8 && (1...4).contains(p)
    }
}

/// A hashed password: "scrypt:17:8:1:SALT:HASH" with salt and hash in hexadecimal digits.
struct PasswordHash: Sendable, Hashable {
    let cost: ScryptCost
    private let salt: [UInt8]
    private let hash: [UInt8]

    private static let saltLength = 16
    private static let hashLength = 32

    /// With a new salt.
    init(of password: String, cost: ScryptCost) throws(PasswordError) {
        self.cost = cost
        salt = randomBytes(Self.saltLength)
        hash = try Self.scrypt(password, salt, cost)
    }

    /// Reads what ``text`` writes, and nothing else.
    init(parsing text: String) throws(PasswordError) {
        guard text.utf8.count <= 200 else { throw .notAHash }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let log2N = Int(parts[1]),
            let r = Int(parts[2]), let p = Int(parts[3]),
            let salt = Hexadecimal.bytes(parts[4]), salt.count == Self.saltLength,
            let hash = Hexadecimal.bytes(parts[5]), hash.count == Self.hashLength
        else { throw .notAHash }
        cost = ScryptCost(log2N: log2N, r: r, p: p)
        self.salt = salt
        self.hash = hash
        guard cost.isWithinBounds, self.text == text else { throw .notAHash }
    }

    var text: String {
        "scrypt:\(cost.log2N):\(cost.r):\(cost.p):\(Hexadecimal.text(salt)):\(Hexadecimal.text(hash))"
    }

    /// Computes for as long as hashing did.
    func matches(_ password: String) throws(PasswordError) -> Bool {
        isEqual(try Self.scrypt(password, salt, cost), hash)
    }

    private static func scrypt(
        _ password: String, _ salt: [UInt8], _ cost: ScryptCost
    ) throws(PasswordError) -> [UInt8] {
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: Array(password.utf8), salt: salt, outputByteCount: hashLength,
                rounds: 1 << cost.log2N, blockSize: cost.r, parallelism: cost.p)
            return unsafe key.withUnsafeBytes { unsafe Array($0) }
        } catch {
            throw .failed
        }
    }
}
