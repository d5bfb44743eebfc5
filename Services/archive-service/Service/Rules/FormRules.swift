import Domain
import Messages
import ServiceRuntime

/// What a `SaveItemRequest` brings, tidied.
struct GivenForm: Sendable, Hashable {
    var form = ItemForm()
    /// The evidence to keep, by id; nil when the request does not say, and all of it stays.
    var keptEvidence: Set<String>?

    /// The most bytes of a form's values together: 200 items fit into one answer.
    static let mostBytes = 12_288
    /// The most values of a request.
    static let mostValues = 100

    /// Takes what can be kept in a draft: known fields, printable, within their lengths. Whether they fit together is asked at submission.
    init(_ values: [Common.FormValue], of kind: ItemKind, _ check: inout FormCheck) {
        guard values.count <= Self.mostValues else {
            check.fault("values", "表单", "最多 \(Self.mostValues) 个字段，填写了 \(values.count) 个")
            return
        }
        var seen: Set<String> = []
        for value in values {
            let name = "values.\(value.key.prefix(40))"
            guard let field = kind.field(value.key) else {
                check.fault(name, "表单", "\(kind.label)没有这个字段")
                continue
            }
            guard seen.insert(field.key).inserted else {
                check.fault(name, field.label, "重复填写")
                continue
            }
            if field.type == .files {
                keptEvidence = Set(value.value.split(separator: ",").prefix(100).map(String.init))
            } else {
                form[field.key] = field.tidied(value.value, name, &check)
            }
        }
        if form.byteCount > Self.mostBytes {
            check.fault("values", "表单", "全部内容最多 \(Self.mostBytes) 字节，填写了 \(form.byteCount) 字节")
        }
    }
}

extension Field {
    /// Without blanks around it, without its unit, a code by its name.
    fileprivate func tidied(
        _ value: String, _ name: String, _ check: inout FormCheck
    ) -> String {
        let hasLines = type == .longText || type == .json
        // Browsers end lines with two characters.
        let lines =
            hasLines && value.contains("\r\n")
            ? String(value.map { $0 == "\r\n" ? "\n" : $0 }) : value
        let text = check.text(
            lines, name, label, required: false, longest: type.longest, hasLines: hasLines)
        switch type {
        case .code(let table): return table.label(text) ?? text
        case .bool: return ["true": "是", "false": "否"][text] ?? text
        case .integer, .decimal:
            return !unit.isEmpty && text.hasSuffix(unit)
                ? FormCheck.trimmed(String(text.dropLast(unit.count))) : text
        default: return text
        }
    }
}

extension ItemKind {
    /// Everything that a submission needs: required fields, types, rules between fields, evidence (A1, A6).
    /// - Parameter evidence: how many files the item has.
    func check(_ form: ItemForm, evidence: Int, _ check: inout FormCheck) {
        for field in fields {
            let name = "values.\(field.key)"
            if field.type == .files {
                if field.isRequired, evidence == 0 { check.fault(name, field.label, "请上传佐证材料") }
                continue
            }
            let value = form[field.key]
            if value.isEmpty {
                if field.isRequired {
                    check.fault(name, field.label, "不能为空")
                } else if let rule = field.rules.first(where: { $0.requires(form) }) {
                    check.fault(name, field.label, rule.text(self))
                }
            } else if let fault = field.type.fault(value) {
                check.fault(name, field.label, fault)
            } else {
                for rule in field.rules where !rule.holds(value, form) {
                    check.fault(name, field.label, rule.text(self))
                }
            }
        }
    }
}

extension FieldRule {
    /// Whether the field may not be empty.
    fileprivate func requires(_ form: ItemForm) -> Bool {
        if case .requiredWith(let other) = self { !form[other].isEmpty } else { false }
    }

    /// Whether a value that fits its type keeps the rule. A rule about another field rests while that one is empty or wrong itself.
    fileprivate func holds(_ value: String, _ form: ItemForm) -> Bool {
        switch self {
        case .notBefore(let other):
            guard let day = FormCheck.civilDay(value), let first = FormCheck.civilDay(form[other])
            else { return true }
            return day >= first
        case .after(let other):
            guard let day = FormCheck.civilDay(value), let first = FormCheck.civilDay(form[other])
            else { return true }
            return day > first
        case .requiredWith: return true
        case .positive: return value.contains { ("1"..."9").contains($0) }
        case .atMost(let other):
            guard let number = Int(value), let most = Int(form[other]) else { return true }
            return number <= most
        case .isbn: return isISBN(value)
        }
    }
}

extension FieldType {
    /// What keeps a value from being of the type; nil when it fits.
    fileprivate func fault(_ value: String) -> String? {
        switch self {
        case .text, .longText, .files: nil
        case .date: FormCheck.civilDay(value) == nil ? "应为日期，如 2022-04-19" : nil
        case .year: whole(value, 1_900...2_100) ? nil : "应为 1900 至 2100 之间的年度"
        case .integer: whole(value, 1...100_000) ? nil : "应为 1 至 100000 的整数"
        case .decimal: isDecimal(value) ? nil : "应为不小于 0 的数，最多 4 位小数"
        case .bool: ["是", "否"].contains(value) ? nil : "请选择是或否"
        case .choice(let values):
            values.contains(value) ? nil : "请选择：\(values.joined(separator: "、"))"
        case .code(let table): table.code(value) == nil ? "请从列表中选择" : nil
        case .json: isObject(value) ? nil : "应为 JSON 对象"
        }
    }

    private func whole(_ value: String, _ range: ClosedRange<Int>) -> Bool {
        value.utf8.allSatisfy(isDigit) && Int(value).map(range.contains) == true
    }

    private func isDecimal(_ value: String) -> Bool {
        let parts = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return (1...2).contains(parts.count) && (1...10).contains(parts[0].count)
            && (parts.count == 1 || (1...4).contains(parts[1].count))
            && parts.allSatisfy { $0.allSatisfy(isDigit) }
    }

    private func isObject(_ value: String) -> Bool {
        if case .object = JSONValue(parsing: Array(value.utf8)) { true } else { false }
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// ISBN-10 or ISBN-13 (ISO 2108), with or without hyphens and blanks.
func isISBN(_ text: String) -> Bool {
    let signs = text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
    guard signs.count == 10 || signs.count == 13 else { return false }
    var digits = signs.dropLast().map { isDigit($0) ? Int($0 - UInt8(ascii: "0")) : nil }
    let last = signs[signs.count - 1]
    let isTen = signs.count == 10
    digits.append(
        isDigit(last)
            ? Int(last - UInt8(ascii: "0"))
            : isTen && (last == UInt8(ascii: "X") || last == UInt8(ascii: "x")) ? 10 : nil)
    var sum = 0
    for (index, digit) in digits.enumerated() {
        guard let digit else { return false }
        sum += digit * (isTen ? 10 - index : index.isMultiple(of: 2) ? 1 : 3)
    }
    return isTen
        ? sum.isMultiple(of: 11)
        : sum.isMultiple(of: 10) && (text.hasPrefix("978") || text.hasPrefix("979"))
}
