/// A `.proto` file's bridge to and from the C structs. C pointers stay within it.
func bridgeFile(_ file: ProtoFile) -> GeneratedFile {
    var source = SourceWriter(header: "proto/\(file.name)")
    source.line("import CMessages")
    source.line("import CProtobufC")
    source.line("public import MessageCoding")
    for message in file.messages { writeBridge(message, into: &source) }
    return GeneratedFile(name: "\(file.stem)+Bridge.swift", content: source.text)
}

private func writeBridge(_ message: MessageType, into source: inout SourceWriter) {
    let functions = cFunctionPrefix(message.fullName)
    source.line()
    source.block("extension \(swiftType(message.fullName)): @unsafe BridgedMessage {") { source in
        source.line("typealias CValue = \(cType(message.fullName))")
        source.line()
        source.block(
            "public func encode(reserving reserve: (_ byteCount: Int) throws(MessageFault) -> UnsafeMutableRawBufferPointer) throws(MessageFault) {"
        ) {
            $0.line(
                "try unsafe encodeBridged(self, \(functions)__get_packed_size, \(functions)__pack, reserve)"
            )
        }
        source.line()
        source.block("public func encodedBytes() throws(MessageFault) -> [UInt8] {") {
            $0.line(
                "try unsafe encodedBytesBridged(self, \(functions)__get_packed_size, \(functions)__pack)"
            )
        }
        source.line()
        source.block(
            "public init(decoding bytes: UnsafeRawBufferPointer) throws(MessageFault) {"
        ) {
            $0.line("self = try unsafe decodeBridged(bytes, \(functions)__unpack)")
        }
        source.line()
        writeFill(message, functions, into: &source)
        source.line()
        writeInit(message, into: &source)
    }
}

// MARK: Swift to C

private func writeFill(
    _ message: MessageType, _ functions: String, into source: inout SourceWriter
) {
    source.block(
        "func fill(_ c: UnsafeMutablePointer<CValue>, _ arena: inout Arena) {"
    ) { source in
        source.line("unsafe \(functions)__init(c)")
        for member in members(of: message) {
            switch member.content {
            case .field(let field):
                writeFill(field, member.name, message, into: &source)
            case .oneof(let oneof, let fields):
                writeFill(oneof, fields, member.name, message, into: &source)
            }
        }
    }
}

private func writeFill(
    _ field: Field, _ name: String, _ message: MessageType, into source: inout SourceWriter
) {
    let c = "c.pointee.\(cFieldName(field.name))"
    let value = "self.\(name)"
    if field.isRepeated {
        let call =
            switch field.kind {
            case .scalar(.bool): "booleans"
            case .scalar: "numbers"
            case .string: "texts"
            case .bytes: "bytes"
            case .enumeration: "enums"
            case .message: "messages"
            }
        source.line(
            "unsafe (c.pointee.n_\(cFieldName(field.name)), \(c)) = arena.\(call)(\(value))")
    } else if field.isOptional {
        let caseName = presenceName(field)
        source.block("if let value = \(value) {") { source in
            source.line(
                "unsafe c.pointee.\(caseName)_case = \(cCaseType(message, oneof: caseName))(rawValue: \(field.number))"
            )
            source.line("unsafe \(c) = \(toC(field.kind, "value"))")
        }
    } else if case .message = field.kind {
        source.line("if let value = \(value) { unsafe \(c) = arena.message(value) }")
    } else {
        source.line("unsafe \(c) = \(toC(field.kind, value))")
    }
}

private func writeFill(
    _ oneof: Oneof, _ fields: [Field], _ name: String, _ message: MessageType,
    into source: inout SourceWriter
) {
    let cName = cFieldName(oneof.name)
    let caseType = cCaseType(message, oneof: cName)
    source.block("switch self.\(name) {") { source in
        source.line("case nil: break")
        for field in fields {
            source.line("case .\(escaped(lowerCamel(field.name)))(let value):")
            source.line(
                "    unsafe c.pointee.\(cName)_case = \(caseType)(rawValue: \(field.number))")
            source.line(
                "    unsafe c.pointee.\(cFieldName(field.name)) = \(toC(field.kind, "value"))")
        }
    }
}

private func toC(_ kind: FieldKind, _ value: String) -> String {
    switch kind {
    case .scalar(.bool): "\(value) ? 1 : 0"
    case .scalar: value
    case .string: "arena.text(\(value))"
    case .bytes: "arena.bytes(\(value))"
    case .enumeration: "\(value).rawValue"
    case .message: "arena.message(\(value))"
    }
}

// MARK: C to Swift

private func writeInit(_ message: MessageType, into source: inout SourceWriter) {
    source.block(
        "init(bridging c: UnsafeMutablePointer<CValue>) throws(MessageFault) {"
    ) { source in
        let members = members(of: message)
        for member in members {
            if case .oneof(let oneof, let fields) = member.content {
                writeSwitch(oneof, fields, member, into: &source)
            }
        }
        if members.isEmpty {
            source.line("self.init()")
            return
        }
        let throwing = members.contains(where: \.copyThrows) ? "try " : ""
        source.block("\(throwing)unsafe self.init(", end: ")") { source in
            for (index, member) in members.enumerated() {
                let comma = index == members.count - 1 ? "" : ","
                let value =
                    switch member.content {
                    case .field(let field): fromC(field, message)
                    case .oneof: "\(member.name)Value"
                    }
                source.line("\(member.name): \(value)\(comma)")
            }
        }
    }
}

extension Member {
    /// Whether copying it out of C may find a fault. A oneof is copied before the others.
    fileprivate var copyThrows: Bool {
        guard case .field(let field) = content else { return false }
        return field.kind.copyThrows
    }
}

extension FieldKind {
    fileprivate var copyThrows: Bool {
        switch self {
        case .string, .message: true
        case .scalar, .bytes, .enumeration: false
        }
    }
}

private func writeSwitch(
    _ oneof: Oneof, _ fields: [Field], _ member: Member, into source: inout SourceWriter
) {
    let cName = cFieldName(oneof.name)
    source.line("let \(member.name)Value: \(member.type)")
    source.block("switch unsafe c.pointee.\(cName)_case.rawValue {") { source in
        for field in fields {
            let name = escaped(lowerCamel(field.name))
            let c = "c.pointee.\(cFieldName(field.name))"
            source.line("case \(field.number):")
            if case .message = field.kind {
                source.line(
                    "    \(member.name)Value = try unsafe decodedMessage(\(c)).map { .\(name)($0) }"
                )
            } else {
                let effects = field.kind.copyThrows ? "try unsafe" : "unsafe"
                source.line(
                    "    \(member.name)Value = .\(name)(\(effects) \(toSwift(field.kind, c)))")
            }
        }
        source.line("default:")
        source.line("    \(member.name)Value = nil")
    }
}

private func fromC(_ field: Field, _ message: MessageType) -> String {
    let c = "c.pointee.\(cFieldName(field.name))"
    if field.isRepeated {
        let call =
            switch field.kind {
            case .scalar(.bool): "decodedBooleans"
            case .scalar: "decodedNumbers"
            case .string: "decodedTexts"
            case .bytes: "decodedByteArrays"
            case .enumeration: "decodedEnums"
            case .message: "decodedMessages"
            }
        return "\(call)(\(c), c.pointee.n_\(cFieldName(field.name)))"
    }
    if field.isOptional {
        return
            "c.pointee.\(presenceName(field))_case.rawValue == \(field.number) ? \(toSwift(field.kind, c)) : nil"
    }
    if case .message = field.kind { return "decodedMessage(\(c))" }
    return toSwift(field.kind, c)
}

private func toSwift(_ kind: FieldKind, _ c: String) -> String {
    switch kind {
    case .scalar(.bool): "\(c) != 0"
    case .scalar: c
    case .string: "decodedText(\(c))"
    case .bytes: "decodedBytes(\(c))"
    case .enumeration(let name): "\(swiftType(name))(rawValue: \(c))"
    case .message: "decodedMessage(\(c))"
    }
}
