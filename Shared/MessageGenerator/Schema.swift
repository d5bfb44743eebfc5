/// What the `.proto` files say, as far as the generator supports it.
struct Schema {
    /// The files to generate, in the order of protoc's command line.
    var files: [ProtoFile]
    /// Every message type of those files and of what they import, by full name.
    var messages: [String: MessageType] = [:]
    /// Every enum likewise.
    var enums: [String: EnumType] = [:]
}

struct ProtoFile {
    /// As protoc was given it: `quota.proto`.
    var name: String
    var package: String
    var imports: [String]
    var messages: [MessageType]
    var enums: [EnumType]
    var services: [ServiceType]

    /// The name without its ending: `quota`.
    var stem: String { String(name.dropLast(".proto".count)) }
}

struct MessageType {
    var name: String
    /// Package and path: `quota.v1.Record`.
    var fullName: String
    var comment: [String]
    var fields: [Field]
    var oneofs: [Oneof]
    var enums: [EnumType]
}

/// A real oneof; the ones that proto3's `optional` stands for are not among them.
struct Oneof {
    var name: String
    var comment: [String]
}

struct Field {
    var name: String
    var number: Int32
    var kind: FieldKind
    var comment: [String]
    var isRepeated: Bool
    /// With the keyword `optional`, so that absence can be told from the default.
    var isOptional: Bool
    /// The index in `MessageType.oneofs`.
    var oneof: Int?
}

enum FieldKind: Equatable {
    case scalar(Scalar)
    case string
    case bytes
    /// By full name.
    case enumeration(String)
    /// By full name.
    case message(String)
}

/// The number types, by their names in `.proto` files.
enum Scalar: String {
    case double, float, int64, uint64, int32, fixed64, fixed32, bool, uint32, sfixed32, sfixed64
    case sint32, sint64

    var swiftType: String {
        switch self {
        case .double: "Double"
        case .float: "Float"
        case .int32, .sint32, .sfixed32: "Int32"
        case .int64, .sint64, .sfixed64: "Int64"
        case .uint32, .fixed32: "UInt32"
        case .uint64, .fixed64: "UInt64"
        case .bool: "Bool"
        }
    }
}

struct EnumType {
    var name: String
    var fullName: String
    var comment: [String]
    var values: [EnumValue]
}

struct EnumValue {
    var name: String
    var number: Int32
    var comment: [String]
}

struct ServiceType {
    var name: String
    /// `quota.v1.Quota`
    var fullName: String
    var comment: [String]
    var methods: [Method]
}

struct Method {
    var name: String
    /// `quota.v1.Quota/ListRecords`
    var fullName: String
    var comment: [String]
    /// By full name.
    var input: String
    /// By full name.
    var output: String
    /// Marked `NO_SIDE_EFFECTS`.
    var isReadOnly: Bool
    /// Marked `stream`: any number of messages.
    var requestsStream: Bool
    var repliesStream: Bool

    /// As `RPCMethod.Kind` and the functions for it are named.
    var kind: String {
        switch (requestsStream, repliesStream) {
        case (false, false): "unary"
        case (false, true): "serverStream"
        case (true, false): "clientStream"
        case (true, true): "bidirectional"
        }
    }
}

/// Why nothing is generated: one line for the person who wrote the `.proto` file.
struct SchemaRefusal: Error {
    let message: String

    init(_ place: String, _ message: String) {
        self.message = "\(place): \(message)"
    }
}
