/// How names of `.proto` files become names of Swift and of C.

/// `quota.v1` → `Quota`: the namespace is the package's first part.
func namespace(ofPackage package: String) -> String {
    upperCamel(package.split(separator: ".").first.map(String.init) ?? package)
}

/// `quota.v1.Record` → `Quota.Record`. Parts that begin with a small letter are the package's.
func swiftType(_ fullName: String) -> String {
    let parts = fullName.split(separator: ".").map(String.init)
    let types = parts.dropFirst().drop { $0.first?.isLowercase == true }
    return ([namespace(ofPackage: fullName)] + types).joined(separator: ".")
}

/// `next_cursor` → `NextCursor`, `record_id` → `RecordID`.
func upperCamel(_ name: String) -> String {
    words(name).map { word in
        abbreviations[word] ?? word.prefix(1).uppercased() + word.dropFirst()
    }.joined()
}

/// `next_cursor` → `nextCursor`, `record_id` → `recordID`, `id` → `id`.
func lowerCamel(_ name: String) -> String {
    guard let first = words(name).first else { return name }
    let head = first.prefix(1).lowercased() + first.dropFirst()
    return head + words(name).dropFirst().map { upperCamel($0) }.joined()
}

/// `ListRecords` → `listRecords`.
func lowerFirst(_ name: String) -> String {
    name.prefix(1).lowercased() + name.dropFirst()
}

/// In backticks where Swift needs them.
func escaped(_ name: String) -> String {
    swiftKeywords.contains(name) ? "`\(name)`" : name
}

/// The cases' names without the prefix that the enum's name is in most `.proto` files.
func enumCaseNames(_ type: EnumType) -> [String] {
    let prefix = screamingSnake(type.name) + "_"
    let hasPrefix = type.values.allSatisfy {
        $0.name.hasPrefix(prefix) && $0.name.dropFirst(prefix.count).first?.isLetter == true
    }
    return type.values.map { value in
        lowerCamel(
            (hasPrefix ? String(value.name.dropFirst(prefix.count)) : value.name).lowercased())
    }
}

private func words(_ name: String) -> [String] {
    name.split(separator: "_").map(String.init)
}

/// `RecordState` → `RECORD_STATE`.
private func screamingSnake(_ name: String) -> String {
    var result = ""
    for character in name {
        if character.isUppercase, !result.isEmpty { result.append("_") }
        result += character.uppercased()
    }
    return result
}

private let abbreviations = ["id": "ID", "ids": "IDs", "url": "URL", "uri": "URI"]

let reservedTypeNames: Set<String> = [
    "Any", "Array", "Bool", "Double", "Error", "Float", "Int", "Int32", "Int64", "Message",
    "MessageFault", "Optional", "Protocol", "RPCMethod", "RPCError", "RPCChannel", "CallOptions",
    "ReplyStream", "ReplyWriter", "RequestContext", "RequestStream", "RequestWriter", "RouteTable",
    "Self", "Sendable", "String", "Type", "UInt32", "UInt64",
    "UInt8", "Void",
]

let reservedMemberNames: Set<String> = [
    "self", "init", "hashValue", "hash", "encode", "encodedBytes", "fill", "Type",
]

private let swiftKeywords: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
    "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
    "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
    "operator", "private", "precedencegroup", "protocol", "public", "repeat", "rethrows", "return",
    "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while",
]

// MARK: C

/// The field's name in the derived `.proto` file, and so in the C struct.
func cFieldName(_ name: String) -> String {
    let lower = name.lowercased()
    return takenInC.contains(lower) ? lower + "_" : lower
}

/// The name of the oneof that an `optional` field becomes in the derived `.proto` file.
func presenceName(_ field: Field) -> String {
    "has_" + cFieldName(field.name)
}

/// protoc-c's name of a message's struct: `quota.v1.Record` → `Quota__V1__Record`.
func cType(_ fullName: String) -> String {
    fullName.split(separator: ".").map { part in
        part.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }.joined(separator: "__")
}

/// protoc-c's beginning of a message's functions: `quota.v1.FlowStep` → `quota__v1__flow_step`.
func cFunctionPrefix(_ fullName: String) -> String {
    fullName.split(separator: ".").map { part in
        var result = ""
        // No underscore before the first letter nor within a run of capitals.
        var afterCapital = true
        for character in part {
            if character.isUppercase, !afterCapital { result.append("_") }
            result += character.lowercased()
            afterCapital = character.isUppercase
        }
        return result
    }.joined(separator: "__")
}

/// protoc-c's name of the type of a oneof's case: `Wire__V1__Envelope__BodyCase`.
func cCaseType(_ message: MessageType, oneof name: String) -> String {
    let camel = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return cType(message.fullName) + "__" + camel.joined() + "Case"
}

/// Keywords of C and C++, at which protoc-c changes names, names that are macros on some systems, and
/// the struct's own first member.
private let takenInC: Set<String> = [
    "and", "and_eq", "asm", "auto", "base", "bitand", "bitor", "bool", "break", "case", "catch",
    "char", "class", "compl", "const", "const_cast", "continue", "default", "delete", "do",
    "double", "dynamic_cast", "else", "enum", "errno", "explicit", "extern", "false", "float",
    "for", "friend", "goto", "if", "inline", "int", "linux", "long", "mutable", "namespace", "new",
    "not", "not_eq", "null", "operator", "or", "or_eq", "private", "protected", "public",
    "register", "reinterpret_cast", "restrict", "return", "short", "signed", "sizeof", "static",
    "static_cast", "stderr", "stdin", "stdout", "struct", "switch", "template", "this", "throw",
    "true", "try", "typedef", "typeid", "typename", "union", "unix", "unsigned", "using", "virtual",
    "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
]
