import CPluginMessages
import CProtobufC

/// What protoc asks for.
struct PluginRequest {
    /// The text before the colon of `--zhicheng_out=derive:folder`.
    var parameter: String
    var schema: Schema
}

/// A file that protoc shall write.
struct GeneratedFile {
    /// Below protoc's output folder.
    var name: String
    var content: String
}

extension PluginRequest {
    /// Reads a CodeGeneratorRequest with libprotobuf-c.
    init(decoding bytes: [UInt8]) throws(SchemaRefusal) {
        let unpacked = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe google__protobuf__compiler__code_generator_request__unpack(
                nil, buffer.count, buffer.baseAddress)
        }
        guard let request = unsafe unpacked else {
            throw SchemaRefusal("protoc", "standard input holds no CodeGeneratorRequest")
        }
        defer {
            unsafe google__protobuf__compiler__code_generator_request__free_unpacked(request, nil)
        }
        let asked = unsafe UnsafeBufferPointer(
            start: request.pointee.file_to_generate, count: request.pointee.n_file_to_generate)
        let names = unsafe Set(asked.compactMap { unsafe $0.map { unsafe String(cString: $0) } })
        var all: [ProtoFile] = []
        for index in 0..<(unsafe request.pointee.n_proto_file) {
            guard let file = unsafe request.pointee.proto_file[index] else { continue }
            all.append(try unsafe DescriptorReader.file(file))
        }
        parameter =
            unsafe request.pointee.parameter.map { unsafe String(cString: $0) } ?? ""
        schema = Schema(
            files: all.filter { names.contains($0.name) }.sorted { $0.name < $1.name })
        for message in all.flatMap(\.messages) { schema.messages[message.fullName] = message }
        for type in all.flatMap(\.enums) + all.flatMap(\.messages).flatMap(\.enums) {
            schema.enums[type.fullName] = type
        }
    }
}

/// Packs a CodeGeneratorResponse with libprotobuf-c: the files, or what is wrong.
func pluginResponse(_ outcome: Result<[GeneratedFile], SchemaRefusal>) -> [UInt8] {
    var response = unsafe Google__Protobuf__Compiler__CodeGeneratorResponse()
    unsafe google__protobuf__compiler__code_generator_response__init(&response)
    unsafe response.has_supported_features = 1
    unsafe response.supported_features = UInt64(
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL
            .rawValue)
    var texts: [UnsafeMutableBufferPointer<CChar>] = unsafe []
    func lend(_ text: String) -> UnsafeMutablePointer<CChar>? {
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count + 1)
        _ = unsafe copy.initialize(from: text.utf8CString)
        unsafe texts.append(copy)
        return copy.baseAddress
    }
    defer { unsafe texts.forEach { unsafe $0.deallocate() } }

    var files: [GeneratedFile] = []
    switch outcome {
    case .success(let made): files = made
    case .failure(let refusal): unsafe response.error = lend(refusal.message)
    }
    typealias CFile = Google__Protobuf__Compiler__CodeGeneratorResponse__File
    let values = UnsafeMutableBufferPointer<CFile>.allocate(capacity: files.count)
    let list = UnsafeMutableBufferPointer<UnsafeMutablePointer<CFile>?>.allocate(
        capacity: files.count)
    defer {
        unsafe values.deallocate()
        unsafe list.deallocate()
    }
    for (index, file) in files.enumerated() {
        var value = unsafe CFile()
        unsafe google__protobuf__compiler__code_generator_response__file__init(&value)
        unsafe value.name = lend(file.name)
        unsafe value.content = lend(file.content)
        unsafe values.initializeElement(at: index, to: value)
        unsafe list.initializeElement(
            at: index, to: values.baseAddress.map { unsafe $0 + index })
    }
    unsafe response.n_file = files.count
    unsafe response.file = list.baseAddress
    let size = unsafe google__protobuf__compiler__code_generator_response__get_packed_size(
        &response)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        unsafe count = google__protobuf__compiler__code_generator_response__pack(
            &response, buffer.baseAddress)
    }
}
