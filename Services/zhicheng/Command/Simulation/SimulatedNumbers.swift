import Domain

/// Numbers that pass every check and belong to nobody (decision 10).
enum SimulatedNumbers {
    /// How many persons there are numbers for.
    static let persons = birthDays * blocks

    /// Birth days from 1962 on.
    private static let birthDays = 14_600
    /// Pairs of sequence numbers of a birth day: one for each sex.
    private static let blocks = 499

    /// An ID number of the unassigned county 350199.
    /// - Parameters:
    ///   - number: of the person, from 0 and below ``persons``; others have other ID numbers.
    ///   - seed: other seeds begin elsewhere.
    static func idNumber(_ number: Int, seed: UInt64, sex: Sex) -> String {
        precondition((0..<persons).contains(number), "there are numbers for \(persons) persons")
        guard let first = try? CivilDay("1962-01-01") else {
            preconditionFailure("1962-01-01 is a day")
        }
        // 7919 is coprime to the count of days: neighbours are born far apart, and none twice.
        let day = first.adding(days: number * 7_919 % birthDays)
        let block = (number / birthDays + Int(seed % UInt64(blocks)) * 37 + 50) % blocks
        let sequence = 2 + block * 2 + (sex == .male ? 1 : 0)
        let body = "350199" + "\(day)".filter(\.isNumber) + padded(sequence, 3)
        return checked(body, signs: "0123456789X") {
            (try? IDNumber($0, today: first.adding(days: birthDays))) != nil
        }
    }

    /// A unified social credit code in the same county.
    /// - Parameters:
    ///   - number: of the unit, from 0.
    ///   - department: 登记管理部门 and 机构类别, "12" for a public institution.
    static func uscc(_ number: Int, seed: UInt64, department: String) -> String {
        let digits = padded((number + Int(seed % 1_000) * 100_000) % 100_000_000, 8)
        // 组织机构代码 (GB 11714) has a check sign of its own.
        let weights = [3, 7, 9, 10, 5, 8, 4, 2]
        let sum = zip(digits.utf8, weights).reduce(0) { $0 + Int($1.0 - 0x30) * $1.1 }
        let sign = [0: "0", 1: "X"][sum % 11] ?? String(11 - sum % 11)
        return checked(
            department + "350199" + digits + sign, signs: "0123456789ABCDEFGHJKLMNPQRTUWXY"
        ) { (try? USCC($0)) != nil }
    }

    /// A mobile number.
    static func mobile(_ number: Int) -> String { "13900" + padded(number % 1_000_000, 6) }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The body with the one sign behind it that the rule accepts: the rules themselves are Domain's.
    private static func checked(
        _ body: String, signs: String, _ isValid: (String) -> Bool
    ) -> String {
        guard let sign = signs.first(where: { isValid(body + String($0)) }) else {
            preconditionFailure("one sign behind \(body.count) others is right")
        }
        return body + String(sign)
    }
}
