/// The files of `Shared/Messages/Generated`: the namespaces, and per `.proto` file values and bridge.
func messageFiles(_ schema: Schema) -> [GeneratedFile] {
    var files = [namespaces(schema)]
    for file in schema.files {
        files.append(valueFile(file))
        if !file.messages.isEmpty { files.append(bridgeFile(file)) }
    }
    return files
}

private func namespaces(_ schema: Schema) -> GeneratedFile {
    var source = SourceWriter(header: "proto/")
    var packages: [String: Set<String>] = [:]
    for file in schema.files {
        packages[namespace(ofPackage: file.package), default: []].insert(file.package)
    }
    for (name, members) in packages.sorted(by: { $0.key < $1.key }) {
        source.line()
        let list = members.sorted().map { "`\($0)`" }.joined(separator: ", ")
        source.line("/// Messages of \(list).")
        source.line("public enum \(name) {}")
    }
    return GeneratedFile(name: "Namespaces.swift", content: source.text)
}

private func valueFile(_ file: ProtoFile) -> GeneratedFile {
    var source = SourceWriter(header: "proto/\(file.name)")
    source.line("public import MessageCoding")
    let space = namespace(ofPackage: file.package)
    for type in file.enums {
        source.line()
        source.block("extension \(space) {") { writeEnum(type, into: &$0) }
    }
    for message in file.messages {
        source.line()
        source.block("extension \(space) {") { writeStruct(message, into: &$0) }
    }
    return GeneratedFile(name: "\(file.stem).swift", content: source.text)
}

private func writeStruct(_ message: MessageType, into source: inout SourceWriter) {
    let members = members(of: message)
    source.comment(message.comment.isEmpty ? ["`\(message.fullName)`"] : message.comment)
    source.block("public struct \(message.name): Message {") { source in
        source.line("public static var fullName: String { \"\(message.fullName)\" }")
        for member in members {
            source.comment(member.comment)
            source.line("public var \(escaped(member.name)): \(member.type)")
        }
        source.line()
        source.line("/// With every field at its default.")
        if let first = members.first {
            source.line(
                "public init() { self.init(\(first.name): \(first.defaultValue)) }")
            source.line()
            source.line("/// With the given fields, and the others at their defaults.")
            let parameters = members.map {
                "\($0.name): \($0.type) = \($0.defaultValue)"
            }
            source.block("public init(\(parameters.joined(separator: ", "))) {") { source in
                for member in members {
                    source.line("self.\(member.name) = \(escaped(member.name))")
                }
            }
        } else {
            source.line("public init() {}")
        }
        for (index, oneof) in message.oneofs.enumerated() {
            source.line()
            writeOneof(oneof, index: index, of: message, into: &source)
        }
        for type in message.enums {
            source.line()
            writeEnum(type, into: &source)
        }
    }
}

private func writeOneof(
    _ oneof: Oneof, index: Int, of message: MessageType, into source: inout SourceWriter
) {
    source.comment(
        oneof.comment.isEmpty ? ["One of the alternatives of `\(oneof.name)`."] : oneof.comment)
    source.block("public enum \(upperCamel(oneof.name)): Sendable, Hashable {") { source in
        for field in message.fields where field.oneof == index {
            source.comment(field.comment)
            source.line("case \(escaped(lowerCamel(field.name)))(\(elementType(field.kind)))")
        }
    }
}

/// An enum that keeps numbers which this version of the schema does not know.
private func writeEnum(_ type: EnumType, into source: inout SourceWriter) {
    let names = enumCaseNames(type).map(escaped)
    var cases: [(name: String, value: EnumValue)] = []
    var aliases: [(name: String, target: String, value: EnumValue)] = []
    for (name, value) in zip(names, type.values) {
        if let first = cases.first(where: { $0.value.number == value.number }) {
            aliases.append((name, first.name, value))
        } else {
            cases.append((name, value))
        }
    }
    source.comment(type.comment.isEmpty ? ["`\(type.fullName)`"] : type.comment)
    source.block(
        "public enum \(type.name): RawRepresentable, CaseIterable, Sendable, Hashable {"
    ) { source in
        for (name, value) in cases {
            source.comment(value.comment)
            source.line("case \(name)")
        }
        source.line("/// A number that this version of the schema does not name.")
        source.line("case unrecognized(Int32)")
        source.line()
        source.line("/// The values that the schema names.")
        source.line(
            "public static let allCases: [Self] = [\(cases.map { ".\($0.name)" }.joined(separator: ", "))]"
        )
        for (name, target, value) in aliases {
            source.comment(value.comment)
            source.line("public static var \(name): Self { .\(target) }")
        }
        source.line()
        source.block("public init(rawValue: Int32) {") { source in
            source.block("self = switch rawValue {") { source in
                for (name, value) in cases { source.line("case \(value.number): .\(name)") }
                source.line("default: .unrecognized(rawValue)")
            }
        }
        source.line()
        source.block("public var rawValue: Int32 {") { source in
            source.block("switch self {") { source in
                for (name, value) in cases { source.line("case .\(name): \(value.number)") }
                source.line("case .unrecognized(let number): number")
            }
        }
        source.line()
        source.line(
            "public static func == (one: Self, other: Self) -> Bool { one.rawValue == other.rawValue }"
        )
        source.line("public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }")
    }
}
