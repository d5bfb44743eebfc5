import Domain
import ServiceRuntime
import Storage

/// What a password must be. The policy is that of 等保: length and kinds of characters.
enum PasswordPolicy {
    /// In characters.
    static let length = 8...128

    /// What is wrong with a new password; nil when it may be used.
    static func fault(_ password: String, account: String) -> String? {
        let characters = password.unicodeScalars
        guard password.utf8.count <= 4 * length.upperBound, length.contains(characters.count)
        else { return "应为 \(length.lowerBound) 至 \(length.upperBound) 个字符" }
        guard !characters.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            return "不能包含控制字符"
        }
        let kinds = [
            characters.contains { ("a"..."z").contains($0) },
            characters.contains { ("A"..."Z").contains($0) },
            characters.contains { ("0"..."9").contains($0) },
            characters.contains { !$0.properties.isAlphabetic && !("0"..."9").contains($0) },
        ]
        guard kinds.count(where: { $0 }) >= 3 else {
            return "应包含大写字母、小写字母、数字、符号中的至少三类"
        }
        guard !password.lowercased().contains(account) else { return "不能包含账号" }
        return nil
    }

    /// A password that is shown once: 16 letters and digits that are not mistaken for each other, 92 bits.
    static func initial(using generator: inout some RandomNumberGenerator) -> String {
        let kinds = [
            Array("ABCDEFGHJKLMNPQRSTUVWXYZ"), Array("abcdefghijkmnopqrstuvwxyz"),
            Array("23456789"),
        ]
        // One of each kind, so that the policy holds; the rest from all.
        var characters = kinds.map { $0[Int.random(in: 0..<$0.count, using: &generator)] }
        let all = kinds.flatMap { $0 }
        while characters.count < 16 {
            characters.append(all[Int.random(in: 0..<all.count, using: &generator)])
        }
        characters.shuffle(using: &generator)
        return String(characters)
    }
}

/// The account has a new password, which the handler has hashed: other sessions end.
struct SetPassword: Command {
    /// The account as it was when the old password was verified, or when the reset was asked for.
    let account: StoredAccount
    let hash: String
    /// After a reset by somebody else.
    let mustChange: Bool
    /// The hash of the token of the session that asked; nil ends all sessions.
    let keeping: [UInt8]?
    let actor: String

    func read(_ rows: any RowReader) throws -> StoredAccount? {
        try PersonStore.account(account.account, rows)
    }

    func decide(_ current: StoredAccount?, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        guard current == account else { throw .busy("密码刚刚被更改，请重试") }
        var changed = account
        changed.password = hash
        changed.generation += 1
        changed.mustChange = mustChange
        return Plan(
            writes: [
                PersonStore.update(changed, at: now),
                SessionStore.deleteAll(of: account.personID, keeping: keeping),
            ], messages: [],
            audit: [
                AuditEntry(
                    actor: actor,
                    action: mustChange ? "identity.password.reset" : "identity.password.change",
                    object: "person:\(account.personID)",
                    before: [("generation", "\(account.generation)")],
                    after: [("generation", "\(changed.generation)")])
            ], reply: Done())
    }
}
