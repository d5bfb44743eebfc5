/// The `.proto` file that protoc-c sees instead of the real one; the bytes on the wire are the same.
///
/// Strings become bytes (libprotobuf-c would cut them at a NUL), enums int32 (unknown values are
/// kept), an `optional` field a oneof of one (protoc-c refuses the keyword). Services and comments
/// are left out.
func derivedProto(_ file: ProtoFile) -> GeneratedFile {
    var source = SourceWriter()
    source.line("syntax = \"proto3\";")
    source.line("package \(file.package);")
    for name in file.imports { source.line("import \"\(name)\";") }
    for message in file.messages { derive(message, into: &source) }
    return GeneratedFile(name: file.name, content: source.text)
}

private func derive(_ message: MessageType, into source: inout SourceWriter) {
    source.block("message \(message.name) {") { source in
        for field in message.fields where field.oneof == nil {
            let line = derivedLine(field)
            if field.isOptional {
                source.line("oneof \(presenceName(field)) { \(line) }")
            } else {
                source.line(line)
            }
        }
        for (index, oneof) in message.oneofs.enumerated() {
            source.block("oneof \(cFieldName(oneof.name)) {") { source in
                for field in message.fields where field.oneof == index {
                    source.line(derivedLine(field))
                }
            }
        }
    }
}

private func derivedLine(_ field: Field) -> String {
    let type =
        switch field.kind {
        case .scalar(let scalar): scalar.rawValue
        case .string, .bytes: "bytes"
        case .enumeration: "int32"
        // A leading dot: the name is looked up from the root.
        case .message(let name): ".\(name)"
        }
    let packed =
        switch field.kind {
        case .scalar, .enumeration: field.isRepeated
        case .string, .bytes, .message: false
        }
    return (field.isRepeated ? "repeated " : "") + "\(type) \(cFieldName(field.name)) = "
        + "\(field.number)\(packed ? " [packed = true]" : "");"
}
