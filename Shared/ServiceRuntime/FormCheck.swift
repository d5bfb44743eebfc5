package import Domain
package import Storage

/// Goes through a form field by field, tidies values and gathers every fault.
package struct FormCheck: Sendable {
    /// What was found so far, in the order of the checks.
    package private(set) var faults: [FieldFault] = []

    package init() {}

    /// Notes a fault of a field that the caller found.
    package mutating func fault(_ field: String, _ label: String, _ message: String) {
        faults.append(FieldFault(field: field, label: label, message: message))
    }

    /// A text without blanks around it.
    /// - Parameters:
    ///   - longest: in characters.
    ///   - hasLines: whether it may have line ends.
    package mutating func text(
        _ value: String, _ field: String, _ label: String, required: Bool, longest: Int,
        hasLines: Bool = false
    ) -> String {
        guard value.utf8.count <= 16 * longest + 64 else {
            fault(field, label, "最多 \(longest) 个字符，填写了 \(value.count) 个")
            return ""
        }
        let tidy = Self.trimmed(value)
        if tidy.isEmpty {
            if required { fault(field, label, "不能为空") }
        } else if tidy.count > longest {
            fault(field, label, "最多 \(longest) 个字符，填写了 \(tidy.count) 个")
        } else if !Self.isPrintable(tidy, hasLines: hasLines) {
            fault(field, label, "不能包含控制字符")
        }
        return tidy
    }

    /// A required mobile number of the mainland: 11 digits.
    package mutating func mobile(_ value: String, _ field: String, _ label: String) -> String {
        let tidy = text(value, field, label, required: true, longest: 20)
        if !tidy.isEmpty, !Self.isMobile(tidy) { fault(field, label, "应为 11 位手机号码") }
        return tidy
    }

    /// A mobile or a fixed-line number, 0591-87654321.
    package mutating func telephone(
        _ value: String, _ field: String, _ label: String, required: Bool = true
    ) -> String {
        let tidy = text(value, field, label, required: required, longest: 20)
        if !tidy.isEmpty, !Self.isMobile(tidy), !Self.isFixedLine(tidy) {
            fault(field, label, "应为手机号码或带区号的固定电话，如 0591-87654321")
        }
        return tidy
    }

    /// An e-mail address, ASCII only.
    package mutating func email(
        _ value: String, _ field: String, _ label: String, required: Bool
    ) -> String {
        let tidy = text(value, field, label, required: required, longest: 254)
        if !tidy.isEmpty, !Self.isEmail(tidy) { fault(field, label, "电子邮箱格式不正确") }
        return tidy
    }

    /// A civil day, "2022-04-19", or "".
    package mutating func day(_ value: String, _ field: String, _ label: String) -> String {
        let tidy = text(value, field, label, required: false, longest: 10)
        if !tidy.isEmpty, Self.civilDay(tidy) == nil {
            fault(field, label, "应为日期，如 2022-04-19")
        }
        return tidy
    }

    /// Ends the check.
    /// - Throws: a refusal that names every fault.
    package func finish() throws(Refusal) {
        guard faults.isEmpty else { throw .invalid(faults) }
    }
}

extension FormCheck {
    /// Without blanks and line ends at both sides, the ideographic space among them.
    package static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    /// "2022-04-19"; nil for anything else.
    package static func civilDay(_ text: String) -> CivilDay? {
        try? CivilDay(text)
    }

    /// Eleven digits, the first of them a 1, the second at least 3.
    package static func isMobile(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 11 && bytes.allSatisfy(isDigit) && bytes[0] == UInt8(ascii: "1")
            && bytes[1] >= UInt8(ascii: "3")
    }

    /// An area code of three or four digits with its 0, a number of seven or eight, up to six digits of an extension.
    package static func isFixedLine(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) })
        else { return false }
        return parts[0].hasPrefix("0") && (3...4).contains(parts[0].count)
            && (7...8).contains(parts[1].count)
            && (parts.count == 2 || (1...6).contains(parts[2].count))
    }

    /// One @, at most 64 bytes before it, two or more labels behind it; printable ASCII.
    package static func isEmail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("..")
        else { return false }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
            }
            && !parts[0].hasPrefix(".") && !parts[0].hasSuffix(".")
    }

    private static func isPrintable(_ text: String, hasLines: Bool) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
                || hasLines && scalar == "\n"
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
