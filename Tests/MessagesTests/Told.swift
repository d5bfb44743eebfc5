/// What a value says, field by field in the schema's order, as text. `exchange.py` writes the same
/// text of what it reads, so that a field which only seems to arrive is found.
///
/// Numbers are decimal, strings and bytes hexadecimal behind `t` and `b`, enums their number behind
/// `e`, what is absent is `-`, a oneof is its alternative's name and value.
func told(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional {
        return mirror.children.first.map { told($0.value) } ?? "-"
    }
    switch value {
    case let value as Bool: return value ? "true" : "false"
    case let value as any FixedWidthInteger: return "\(value)"
    case let value as Double: return "d\(String(value.bitPattern, radix: 16))"
    case let value as Float: return "f\(String(value.bitPattern, radix: 16))"
    case let value as String: return "t" + hexadecimal(value.utf8)
    case let value as any RawRepresentable<Int32>: return "e\(value.rawValue)"
    // An empty array of anything would pass for bytes.
    case let value as [UInt8] where mirror.subjectType == [UInt8].self:
        return "b" + hexadecimal(value)
    case let values as [Any]: return "[" + values.map { told($0) }.joined(separator: ",") + "]"
    default: break
    }
    if mirror.displayStyle == .enum {
        return mirror.children.first.map { plain($0.label) + ":" + told($0.value) } ?? "-"
    }
    return "{"
        + mirror.children.map { plain($0.label) + "=" + told($0.value) }
        .joined(separator: ";") + "}"
}

/// Names without what Swift and `.proto` files write differently.
private func plain(_ name: String?) -> String {
    (name ?? "?").lowercased().filter { $0 != "_" }
}

private func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
}
