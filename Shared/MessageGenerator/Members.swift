/// A stored property of a generated struct: a field, or a oneof.
struct Member {
    enum Content {
        case field(Field)
        /// With its alternatives.
        case oneof(Oneof, [Field])
    }

    var name: String
    var type: String
    var defaultValue: String
    var comment: [String]
    var content: Content
}

/// The properties in the order of the `.proto` file; a oneof stands where its first field does.
func members(of message: MessageType) -> [Member] {
    var result: [Member] = []
    var seen: Set<Int> = []
    for field in message.fields {
        guard let index = field.oneof else {
            result.append(
                Member(
                    name: lowerCamel(field.name), type: propertyType(field),
                    defaultValue: defaultValue(field), comment: field.comment,
                    content: .field(field)))
            continue
        }
        guard seen.insert(index).inserted else { continue }
        let oneof = message.oneofs[index]
        result.append(
            Member(
                name: lowerCamel(oneof.name), type: "\(upperCamel(oneof.name))?",
                defaultValue: "nil", comment: oneof.comment,
                content: .oneof(oneof, message.fields.filter { $0.oneof == index })))
    }
    return result
}

/// The Swift type of one value of the field.
func elementType(_ kind: FieldKind) -> String {
    switch kind {
    case .scalar(let scalar): scalar.swiftType
    case .string: "String"
    case .bytes: "[UInt8]"
    case .enumeration(let name), .message(let name): swiftType(name)
    }
}

private func propertyType(_ field: Field) -> String {
    let element = elementType(field.kind)
    if field.isRepeated { return "[\(element)]" }
    if field.isOptional { return "\(element)?" }
    if case .message = field.kind { return "\(element)?" }
    return element
}

private func defaultValue(_ field: Field) -> String {
    if field.isRepeated { return "[]" }
    if field.isOptional { return "nil" }
    return switch field.kind {
    case .scalar(.bool): "false"
    case .scalar: "0"
    case .string: "\"\""
    case .bytes: "[]"
    case .enumeration(let name): "\(swiftType(name))(rawValue: 0)"
    case .message: "nil"
    }
}
