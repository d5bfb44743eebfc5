/// 性别 as an ID number says it.
package enum Sex: Sendable, Hashable, CaseIterable {
    case male
    case female

    /// 男 or 女.
    package var label: String {
        switch self {
        case .male: "男"
        case .female: "女"
        }
    }
}

/// A resident's ID number, 公民身份号码 (GB 11643-1999): the region's prefix, the birth day and the check
/// digit hold.
package struct IDNumber: Sendable, Hashable {
    /// 18 signs, an x at the end in upper case.
    package let text: String
    /// Not after the day on which the number was checked.
    package let birthDay: CivilDay
    /// By the last digit but one: odd is 男.
    package let sex: Sex

    private static let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    private static let checkSigns = Array("10X98765432".utf8)
    /// Province codes, and 83: residence permits of people from Taiwan (codes/id_documents.json).
    private static let prefixes = Set(CodeTable.provinces.items.map { $0.code.prefix(2) } + ["83"])

    /// - Parameter today: nobody is born after it.
    /// - Throws: what is wrong with the number.
    package init(_ text: String, today: CivilDay) throws(ValueFault) {
        let bytes = text.utf8.prefix(19).map(upperCase)
        guard bytes.count == 18 else { throw ValueFault("应为 18 位") }
        guard bytes.dropLast().allSatisfy(isDigit),
            isDigit(bytes[17]) || bytes[17] == UInt8(ascii: "X")
        else { throw ValueFault("前 17 位应为数字，末位应为数字或 X") }
        let number = String(decoding: bytes, as: UTF8.self)
        guard Self.prefixes.contains(number.prefix(2)) else { throw ValueFault("地区代码不正确") }
        // The standard's own example is of 1880.
        guard let year = decimal(bytes[6..<10]), let month = decimal(bytes[10..<12]),
            let day = decimal(bytes[12..<14]),
            let birthDay = try? CivilDay(year: year, month: month, day: day, years: 1800...2999)
        else { throw ValueFault("出生日期不正确") }
        guard birthDay <= today else { throw ValueFault("出生日期不能晚于今天") }
        let sum = zip(bytes, Self.weights).reduce(0) { $0 + Int($1.0 - UInt8(ascii: "0")) * $1.1 }
        guard bytes[17] == Self.checkSigns[sum % 11] else { throw ValueFault("校验位不正确") }
        self.text = number
        self.birthDay = birthDay
        sex = bytes[16].isMultiple(of: 2) ? .female : .male
    }

    /// "3501**********0012": four digits at both ends.
    package var masked: String {
        text.prefix(4) + String(repeating: "*", count: 10) + text.suffix(4)
    }
}
