/// A unified social credit code, 统一社会信用代码 (GB 32100-2015): department, category, region digits and
/// check sign hold.
package struct USCC: Sendable, Hashable {
    /// 18 signs in upper case.
    package let text: String

    private static let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
    private static let weights = [
        1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
    ]
    /// The categories that each registering department has.
    private static let categories: [UInt8: String] = [
        UInt8(ascii: "1"): "1239",  // 机构编制
        UInt8(ascii: "2"): "19",  // 外交
        UInt8(ascii: "3"): "123459",  // 司法行政
        UInt8(ascii: "4"): "19",  // 文化
        UInt8(ascii: "5"): "1239",  // 民政
        UInt8(ascii: "6"): "129",  // 旅游
        UInt8(ascii: "7"): "129",  // 宗教
        UInt8(ascii: "8"): "19",  // 工会
        UInt8(ascii: "9"): "123",  // 工商 (市场监管)
        UInt8(ascii: "A"): "19",  // 中央军委改革和编制办公室
        UInt8(ascii: "N"): "1239",  // 农业农村
        UInt8(ascii: "Y"): "1",  // 其他
    ]

    /// - Throws: what is wrong with the code.
    package init(_ text: String) throws(ValueFault) {
        let bytes = text.utf8.prefix(19).map(upperCase)
        guard bytes.count == 18 else { throw ValueFault("应为 18 位") }
        var values: [Int] = []
        for byte in bytes {
            // No guessing that an O is a 0: a code that was copied wrongly is to be looked up
            // again.
            guard let value = Self.alphabet.firstIndex(of: byte) else {
                throw ValueFault("只能包含数字和大写字母（不含 I、O、S、V、Z）")
            }
            values.append(value)
        }
        guard let allowed = Self.categories[bytes[0]], allowed.utf8.contains(bytes[1]) else {
            throw ValueFault("登记管理部门或机构类别代码不正确")
        }
        guard bytes[2..<8].allSatisfy(isDigit) else { throw ValueFault("第 3 至 8 位应为行政区划数字") }
        let sum = zip(values, Self.weights).reduce(0) { $0 + $1.0 * $1.1 }
        guard values[17] == (31 - sum % 31) % 31 else { throw ValueFault("校验位不正确") }
        self.text = String(decoding: bytes, as: UTF8.self)
    }
}
