/// Random values of every message type, and the list of all types: for `Tests/MessagesTests/Generated`.
func testFiles(_ schema: Schema) -> [GeneratedFile] {
    var files: [GeneratedFile] = []
    for file in schema.files where !file.messages.isEmpty {
        var source = SourceWriter(header: "proto/\(file.name)")
        source.line("import Messages")
        for message in file.messages { writeRandom(message, into: &source) }
        files.append(GeneratedFile(name: "\(file.stem)+Random.swift", content: source.text))
    }
    var source = SourceWriter(header: "proto/")
    source.line("import Messages")
    source.line()
    source.line("/// Every message type of the schema.")
    source.block("let allMessages: [any RandomMessage.Type] = [", end: "]") { source in
        for message in schema.files.flatMap(\.messages) {
            source.line("\(swiftType(message.fullName)).self,")
        }
    }
    files.append(GeneratedFile(name: "AllMessages.swift", content: source.text))
    return files
}

private func writeRandom(_ message: MessageType, into source: inout SourceWriter) {
    source.line()
    source.block("extension \(swiftType(message.fullName)): RandomMessage {") { source in
        let members = members(of: message)
        guard !members.isEmpty else {
            source.line("init(random source: inout RandomSource) { self.init() }")
            return
        }
        source.block("init(random source: inout RandomSource) {") { source in
            source.line("self.init()")
            for member in members {
                switch member.content {
                case .field(let field):
                    source.line("self.\(member.name) = \(random(field))")
                case .oneof(_, let fields):
                    writeRandom(fields, member, into: &source)
                }
            }
        }
    }
}

private func writeRandom(_ fields: [Field], _ member: Member, into source: inout SourceWriter) {
    source.block("switch source.index(below: \(fields.count + 1)) {") { source in
        for (index, field) in fields.enumerated() {
            let name = escaped(lowerCamel(field.name))
            source.line("case \(index): self.\(member.name) = .\(name)(\(random(field.kind)))")
        }
        source.line("default: break")
    }
}

private func random(_ field: Field) -> String {
    if field.isRepeated { return "source.list { source in \(random(field.kind)) }" }
    var isMessage = false
    if case .message = field.kind { isMessage = true }
    if field.isOptional || isMessage {
        return "source.optional { source in \(random(field.kind)) }"
    }
    return random(field.kind)
}

private func random(_ kind: FieldKind) -> String {
    switch kind {
    case .scalar(.bool): "source.boolean()"
    case .scalar(.float): "source.float()"
    case .scalar(.double): "source.double()"
    case .scalar: "source.integer()"
    case .string: "source.text()"
    case .bytes: "source.bytes()"
    case .enumeration: "source.enumeration()"
    case .message(let name): "\(swiftType(name))(random: &source)"
    }
}
