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
        return ProtoFile(
            name: name, package: package,
            imports: unsafe list(file.dependency, file.n_dependency).map { unsafe string($0) },
            messages: try unsafe map(file.message_type, file.n_message_type) {
                message, index throws(SchemaRefusal) in
                try unsafe read(message, in: package, path: [Step.fileMessage, index])
            },
            enums: unsafe map(file.enum_type, file.n_enum_type) { type, index in
                unsafe read(type, in: package, path: [Step.fileEnum, index])
            },
            services: try unsafe map(file.service, file.n_service) {
                service, index throws(SchemaRefusal) in
                try unsafe read(service, in: package, path: [Step.fileService, index])
            })
    }

    private func read(
        _ message: Google__Protobuf__DescriptorProto, in scope: String, path: [Int32]
    ) throws(SchemaRefusal) -> MessageType {
        let name = unsafe string(message.name)
        let fullName = "\(scope).\(name)"
        if let nested = unsafe list(message.nested_type, message.n_nested_type).first {
            let isMap = unsafe nested.pointee.options?.pointee.map_entry == 1
            throw SchemaRefusal(
                fullName,
                isMap
                    ? "maps are not supported; use a repeated message"
                    // protoc-c makes no functions for them.
                    : "messages are not declared within messages here; move it out of this one")
        }
        guard unsafe message.n_extension == 0, unsafe message.n_extension_range == 0 else {
            throw SchemaRefusal(fullName, "extensions are not supported")
        }
        return MessageType(
            name: name, fullName: fullName, comment: comments[path] ?? [],
            fields: try unsafe map(message.field, message.n_field) {
                field, index throws(SchemaRefusal) in
                try unsafe read(field, in: fullName, path: path + [Step.messageField, index])
            },
            oneofs: unsafe oneofs(of: message, path: path),
            enums: unsafe map(message.enum_type, message.n_enum_type) { type, index in
                unsafe read(type, in: fullName, path: path + [Step.messageEnum, index])
            })
    }

    /// The real ones: protoc puts those of `optional` fields behind them.
    private func oneofs(of message: Google__Protobuf__DescriptorProto, path: [Int32]) -> [Oneof] {
        let synthetic = unsafe list(message.field, message.n_field)
            .filter { unsafe $0.pointee.proto3_optional != 0 }.count
        let all = unsafe map(message.oneof_decl, message.n_oneof_decl) { oneof, index in
            Oneof(
                name: unsafe string(oneof.name),
                comment: comments[path + [Step.messageOneof, index]] ?? [])
        }
        return all.dropLast(synthetic)
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
        let values = unsafe map(type.value, type.n_value) { value, index in
            EnumValue(
                name: unsafe string(value.name), number: unsafe value.number,
                comment: comments[path + [Step.enumValue, index]] ?? [])
        }
        return EnumType(
            name: name, fullName: "\(scope).\(name)", comment: comments[path] ?? [],
            values: values)
    }

    private func read(
        _ service: Google__Protobuf__ServiceDescriptorProto, in package: String, path: [Int32]
    ) throws(SchemaRefusal) -> ServiceType {
        let name = unsafe string(service.name)
        let fullName = "\(package).\(name)"
        return ServiceType(
            name: name, fullName: fullName, comment: comments[path] ?? [],
            methods: try unsafe map(service.method, service.n_method) {
                method, index throws(SchemaRefusal) in
                unsafe read(method, in: fullName, path: path + [Step.serviceMethod, index])
            })
    }

    private func read(
        _ method: Google__Protobuf__MethodDescriptorProto, in service: String, path: [Int32]
    ) -> Method {
        let name = unsafe string(method.name)
        let fullName = "\(service)/\(name)"
        let level = unsafe method.options?.pointee.idempotency_level
        return Method(
            name: name, fullName: fullName, comment: comments[path] ?? [],
            input: unsafe String(string(method.input_type).dropFirst()),
            output: unsafe String(string(method.output_type).dropFirst()),
            isReadOnly: level
                == GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS,
            requestsStream: unsafe method.client_streaming != 0,
            repliesStream: unsafe method.server_streaming != 0)
    }

    private mutating func readComments(_ info: Google__Protobuf__SourceCodeInfo) {
        unsafe list(info.location, info.n_location).forEach { location in
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

/// A list of C.
private func list<Value>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<Value>?>?, _ count: Int
) -> [UnsafeMutablePointer<Value>] {
    unsafe UnsafeBufferPointer(start: start, count: count).compactMap { unsafe $0 }
}

/// What is made of each element of a list of C and its index.
private func map<Value, Made, Failure: Error>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<Value>?>?, _ count: Int,
    _ make: (Value, Int32) throws(Failure) -> Made
) throws(Failure) -> [Made] {
    var result: [Made] = []
    for index in 0..<count {
        if let element = unsafe start?[index] {
            result.append(try unsafe make(element.pointee, Int32(index)))
        }
    }
    return result
}
