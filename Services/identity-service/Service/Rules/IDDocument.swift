import Domain

/// 证件类型, with how a number of each is checked.
enum IDDocument: String, Sendable, Hashable, CaseIterable {
    case residentCard = "111"
    case officerCard = "114"
    case passport = "414"
    case taiwanPermit = "511"
    case hongKongMacaoPermit = "516"
    case permanentResidence = "553"
    case taiwanResidence = "TW_RES"
    case hongKongMacaoResidence = "HM_RES"

    init?(code: String) {
        self.init(rawValue: code)
    }

    /// Whether its numbers are those of GB 11643, and so the person's number at 闽政通.
    var hasResidentNumber: Bool {
        self == .residentCard || self == .taiwanResidence || self == .hongKongMacaoResidence
    }

    /// What a number of this document says.
    enum Verdict: Sendable, Hashable {
        case wrong(String)
        /// Well formed; says neither sex nor birth.
        case unreadable
        /// 男 or 女, and the birth day.
        case says(sex: String, birthDay: String)
    }

    /// - Parameter number: upper case, without blanks.
    func verdict(_ number: String, today: CivilDay) -> Verdict {
        let bytes = Array(number.utf8)
        let isDigits = bytes.allSatisfy { (0x30...0x39).contains($0) }
        switch self {
        case .residentCard: return Self.resident(number, prefixes: [], today: today)
        case .taiwanResidence: return Self.resident(number, prefixes: ["830000"], today: today)
        case .hongKongMacaoResidence:
            return Self.resident(number, prefixes: ["810000", "820000"], today: today)
        case .officerCard:
            let digits = number.unicodeScalars.reversed().prefix { ("0"..."9").contains($0) }
            return (6...8).contains(digits.count) && number.count > digits.count
                ? .unreadable : .wrong("军官证号码应为字样加 6 至 8 位数字")
        case .passport:
            return (5...17).contains(bytes.count) && bytes.allSatisfy(Self.isLetterOrDigit)
                ? .unreadable : .wrong("护照号码应为 5 至 17 位大写字母或数字")
        case .taiwanPermit:
            let body =
                bytes.last.map { (0x41...0x5A).contains($0) } == true
                ? bytes.dropLast() : bytes[...]
            return [8, 10].contains(body.count) && body.allSatisfy { (0x30...0x39).contains($0) }
                ? .unreadable : .wrong("台湾居民来往大陆通行证号码应为 8 位或 10 位数字")
        case .hongKongMacaoPermit:
            return (9...11).contains(bytes.count)
                && (number.hasPrefix("H") || number.hasPrefix("M"))
                && bytes.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
                ? .unreadable : .wrong("港澳居民来往内地通行证号码应为 H 或 M 加 8 至 10 位数字")
        case .permanentResidence:
            let isOld = bytes.count == 15 && bytes.allSatisfy(Self.isLetterOrDigit)
            let isNew = bytes.count == 18 && isDigits && number.hasPrefix("9")
            return isOld || isNew ? .unreadable : .wrong("外国人永久居留身份证号码应为 15 位，或以 9 开头的 18 位")
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
    }

    private static func resident(
        _ number: String, prefixes: [String], today: CivilDay
    ) -> Verdict {
        guard prefixes.isEmpty || prefixes.contains(where: number.hasPrefix) else {
            return .wrong("居住证号码应以 \(prefixes.joined(separator: " 或 ")) 开头")
        }
        do throws(ValueFault) {
            let id = try IDNumber(number, today: today)
            return .says(sex: id.sex.label, birthDay: "\(id.birthDay)")
        } catch {
            return .wrong(error.message)
        }
    }
}
