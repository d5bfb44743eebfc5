import CPluginMessages

/// Makes a `Schema` of the descriptors that protoc sends; refuses what the generator does not support.
///
/// The descriptors come from protoc itself, so their strings are trusted not to hold a NUL.
struct DescriptorReader {
    /// Comments by the path that `descriptor.proto` defines for a declaration.
    private var comments: [[Int32]: [String]] = [:]

    /// Numbers of the fields of `descriptor.proto` that make up a comment's path.
    private enum Step {
        static let fileMessage: Int32 = 4
        static let fileEnum: Int32 = 5
        static let fileService: Int32 = 6
        static let messageField: Int32 = 2
        static let messageNested: Int32 = 3
        static let messageEnum: Int32 = 4
        static let messageOneof: Int32 = 8
        static let enumValue: Int32 = 2
        static let serviceMethod: Int32 = 2
    }

    static func file(
        _ file: UnsafePointer<Google__Protobuf__FileDescriptorProto>
    ) throws(SchemaRefusal) -> ProtoFile {
        var reader = DescriptorReader()
        return try unsafe reader.read(file.pointee)
    }

    private mutating func read(
        _ file: Google__Protobuf__FileDescriptorProto
    ) throws(SchemaRefusal) -> ProtoFile {
        let name = unsafe string(file.name)
        guard unsafe string(file.syntax) == "proto3" else {
            throw SchemaRefusal(name, "only proto3 is supported, and this file is proto2")
        }
        guard unsafe file.n_extension == 0 else {
            throw SchemaRefusal(name, "extensions are not supported")
        }
        let package = unsafe string(file.package)
        guard !package.isEmpty else {
            throw SchemaRefusal(name, "a package is needed; its first part names the namespace")
        }
        if let info = unsafe file.source_code_info {
            unsafe readComments(info.pointee)
        }
        var result = ProtoFile(
            name: name, package: package,
            imports: unsafe pointers(file.dependency, file.n_dependency).map {
                unsafe string($0)
            },
            messages: [], enums: [], services: [])
        for unsafe (index, message) in unsafe pointers(file.message_type, file.n_message_type)
            .enumerated()
        {
            result.messages.append(
                try unsafe read(
                    message.pointee, in: package, path: [Step.fileMessage, Int32(index)]))
        }
        for unsafe (index, type) in unsafe pointers(file.enum_type, file.n_enum_type).enumerated() {
            result.enums.append(
                unsafe read(type.pointee, in: package, path: [Step.fileEnum, Int32(index)]))
        }
        for unsafe (index, service) in unsafe pointers(file.service, file.n_service).enumerated() {
            result.services.append(
                try unsafe read(
                    service.pointee, in: package, path: [Step.fileService, Int32(index)]))
        }
        return result
    }

    private func read(
        _ message: Google__Protobuf__DescriptorProto, in scope: String, path: [Int32]
    ) throws(SchemaRefusal) -> MessageType {
        let name = unsafe string(message.name)
        let fullName = "\(scope).\(name)"
        if let options = unsafe message.options, unsafe options.pointee.map_entry != 0 {
            throw SchemaRefusal(scope, "maps are not supported; use a repeated message")
        }
        guard unsafe message.n_extension == 0, unsafe message.n_extension_range == 0 else {
            throw SchemaRefusal(fullName, "extensions are not supported")
        }
        var result = MessageType(
            name: name, fullName: fullName, comment: comments[path] ?? [], fields: [], oneofs: [],
            messages: [], enums: [])
        for unsafe (index, nested) in unsafe pointers(message.nested_type, message.n_nested_type)
            .enumerated()
        {
            result.messages.append(
                try unsafe read(
                    nested.pointee, in: fullName,
                    path: path + [Step.messageNested, Int32(index)]))
        }
        for unsafe (index, type) in unsafe pointers(message.enum_type, message.n_enum_type).enumerated() {
            result.enums.append(
                unsafe read(
                    type.pointee, in: fullName, path: path + [Step.messageEnum, Int32(index)]))
        }
        let fields = unsafe pointers(message.field, message.n_field)
        // protoc puts the oneofs of `optional` fields behind the real ones.
        let synthetic = unsafe fields.filter { unsafe $0.pointee.proto3_optional != 0 }.count
        for unsafe (index, oneof) in unsafe pointers(message.oneof_decl, message.n_oneof_decl)
            .dropLast(synthetic).enumerated()
        {
            result.oneofs.append(
                Oneof(
                    name: unsafe string(oneof.pointee.name),
                    comment: comments[path + [Step.messageOneof, Int32(index)]] ?? []))
        }
        for unsafe (index, field) in unsafe fields.enumerated() {
            result.fields.append(
                try unsafe read(
                    field.pointee, in: fullName, path: path + [Step.messageField, Int32(index)]))
        }
        return result
    }

    private func read(
        _ field: Google__Protobuf__FieldDescriptorProto, in scope: String, path: [Int32]
    ) throws(SchemaRefusal) -> Field {
        let name = unsafe string(field.name)
        let isOptional = unsafe field.proto3_optional != 0
        return Field(
            name: name, number: unsafe field.number,
            kind: try unsafe kind(of: field, place: "\(scope).\(name)"),
            comment: comments[path] ?? [],
            isRepeated: unsafe field.label
                == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED,
            isOptional: isOptional,
            oneof: unsafe field.has_oneof_index != 0 && !isOptional ? Int(field.oneof_index) : nil)
    }

    private func kind(
        of field: Google__Protobuf__FieldDescriptorProto, place: String
    ) throws(SchemaRefusal) -> FieldKind {
        // Type names are fully qualified: ".quota.v1.Record".
        let typeName = unsafe String(string(field.type_name).dropFirst())
        return switch unsafe field.type.rawValue {
        case 1: .scalar(.double)
        case 2: .scalar(.float)
        case 3: .scalar(.int64)
        case 4: .scalar(.uint64)
        case 5: .scalar(.int32)
        case 6: .scalar(.fixed64)
        case 7: .scalar(.fixed32)
        case 8: .scalar(.bool)
        case 9: .string
        case 11: .message(typeName)
        case 12: .bytes
        case 13: .scalar(.uint32)
        case 14: .enumeration(typeName)
        case 15: .scalar(.sfixed32)
        case 16: .scalar(.sfixed64)
        case 17: .scalar(.sint32)
        case 18: .scalar(.sint64)
        default: throw SchemaRefusal(place, "groups are not supported")
        }
    }

    private func read(
        _ type: Google__Protobuf__EnumDescriptorProto, in scope: String, path: [Int32]
    ) -> EnumType {
        let name = unsafe string(type.name)
        let values = unsafe pointers(type.value, type.n_value).enumerated().map { index, value in
            EnumValue(
                name: unsafe string(value.pointee.name), number: unsafe value.pointee.number,
                comment: comments[path + [Step.enumValue, Int32(index)]] ?? [])
        }
        return EnumType(
            name: name, fullName: "\(scope).\(name)", comment: comments[path] ?? [],
            values: values)
    }

    private func read(
        _ service: Google__Protobuf__ServiceDescriptorProto, in package: String, path: [Int32]
    ) throws(SchemaRefusal) -> ServiceType {
        let name = unsafe string(service.name)
        var result = ServiceType(
            name: name, fullName: "\(package).\(name)", comment: comments[path] ?? [], methods: [])
        for unsafe (index, method) in unsafe pointers(service.method, service.n_method).enumerated() {
            let method = unsafe method.pointee
            let methodName = unsafe string(method.name)
            let fullName = "\(result.fullName)/\(methodName)"
            guard unsafe method.client_streaming == 0, unsafe method.server_streaming == 0 else {
                throw SchemaRefusal(fullName, "streaming methods are not supported yet")
            }
            let level = unsafe method.options?.pointee.idempotency_level
            result.methods.append(
                Method(
                    name: methodName, fullName: fullName,
                    comment: comments[path + [Step.serviceMethod, Int32(index)]] ?? [],
                    input: unsafe String(string(method.input_type).dropFirst()),
                    output: unsafe String(string(method.output_type).dropFirst()),
                    isReadOnly: level
                        == GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS))
        }
        return result
    }

    private mutating func readComments(_ info: Google__Protobuf__SourceCodeInfo) {
        for unsafe location in unsafe pointers(info.location, info.n_location) {
            let location = unsafe location.pointee
            let path = unsafe Array(
                UnsafeBufferPointer(start: location.path, count: location.n_path))
            let text =
                unsafe string(location.leading_comments) + string(location.trailing_comments)
            let lines = commentLines(text)
            if !lines.isEmpty { comments[path] = lines }
        }
    }
}

/// The lines of a comment without its margin, without rulers such as `--- signing in ---`, and
/// without empty lines around.
func commentLines(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        .map { trimmed($0) }
        .filter { !($0.hasPrefix("---") && $0.hasSuffix("---")) }
    while lines.last?.isEmpty == true { lines.removeLast() }
    while lines.first?.isEmpty == true { lines.removeFirst() }
    return lines
}

private func trimmed(_ line: Substring) -> String {
    let head = line.drop { $0 == " " || $0 == "\t" }
    let blanks = head.reversed().prefix { $0 == " " || $0 == "\t" || $0 == "\r" }.count
    return String(head.dropLast(blanks))
}

private func string(_ text: UnsafePointer<CChar>?) -> String {
    unsafe text.map { unsafe String(cString: $0) } ?? ""
}

private func pointers<Value>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<Value>?>?, _ count: Int
) -> [UnsafeMutablePointer<Value>] {
    unsafe UnsafeBufferPointer(start: start, count: count).compactMap { unsafe $0 }
}
