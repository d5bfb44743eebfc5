/// Refuses schemas whose code could not be generated, or would not be safe.
struct SchemaChecks {
    private let schema: Schema

    /// Messages within messages, the outermost counted. libprotobuf-c unpacks recursively; with a
    /// schema that is no deeper, no bytes can make it recurse deeper.
    static let deepestNesting = 16

    init(_ schema: Schema) {
        self.schema = schema
    }

    func run() throws(SchemaRefusal) {
        var depths: [String: Int] = [:]
        for name in schema.messages.keys.sorted() {
            let depth = try depth(of: name, above: [], known: &depths)
            guard depth <= Self.deepestNesting else {
                throw SchemaRefusal(
                    name,
                    "messages are nested \(depth) deep, and at most \(Self.deepestNesting) is allowed"
                )
            }
        }
        try checkTypeNames()
        for name in schema.messages.keys.sorted() {
            if let message = schema.messages[name] { try checkMembers(message) }
        }
        for name in schema.enums.keys.sorted() {
            if let type = schema.enums[name] {
                try checkDistinct(
                    enumCaseNames(type), in: name, also: ["unrecognized", "allCases", "rawValue"])
            }
        }
        try checkMethods(schema.files.flatMap(\.services))
    }

    private func depth(
        of name: String, above: [String], known: inout [String: Int]
    ) throws(SchemaRefusal) -> Int {
        if let depth = known[name] { return depth }
        if let start = above.firstIndex(of: name) {
            let circle = (above[start...] + [name]).joined(separator: " → ")
            throw SchemaRefusal(name, "recursive message types are not supported: \(circle)")
        }
        var deepest = 0
        for field in schema.messages[name]?.fields ?? [] {
            if case .message(let inner) = field.kind {
                deepest = max(
                    deepest, try depth(of: inner, above: above + [name], known: &known))
            }
        }
        known[name] = deepest + 1
        return deepest + 1
    }

    private func checkTypeNames() throws(SchemaRefusal) {
        let namespaces = Set(schema.files.map { namespace(ofPackage: $0.package) })
        let types = schema.messages.keys.sorted() + schema.enums.keys.sorted()
        var owners: [String: String] = [:]
        for type in types {
            let swift = swiftType(type)
            if let other = owners.updateValue(type, forKey: swift) {
                throw SchemaRefusal(type, "has the same Swift name as \(other): \(swift)")
            }
            let last = swift.split(separator: ".").last.map(String.init) ?? swift
            if namespaces.contains(last) || reservedTypeNames.contains(last) {
                throw SchemaRefusal(type, "the type's name is taken: \(last)")
            }
        }
        for service in schema.files.flatMap(\.services) {
            let space = namespace(ofPackage: service.fullName)
            for suffix in ["Method", "Client", "Provider"] {
                if let other = owners["\(space).\(service.name)\(suffix)"] {
                    throw SchemaRefusal(
                        other, "has the name of a stub of service \(service.fullName)")
                }
            }
        }
    }

    private func checkMembers(_ message: MessageType) throws(SchemaRefusal) {
        let members =
            message.fields.filter { $0.oneof == nil }.map { lowerCamel($0.name) }
            + message.oneofs.map { lowerCamel($0.name) }
        try checkDistinct(members, in: message.fullName, also: reservedMemberNames)
        let types =
            message.enums.map(\.name) + message.oneofs.map { upperCamel($0.name) }
        try checkDistinct(types, in: message.fullName, also: [])
        for (index, oneof) in message.oneofs.enumerated() {
            try checkDistinct(
                message.fields.filter { $0.oneof == index }.map { lowerCamel($0.name) },
                in: "\(message.fullName).\(oneof.name)", also: [])
        }
        let inC =
            message.fields.map { cFieldName($0.name) } + message.oneofs.map { cFieldName($0.name) }
            + message.fields.filter(\.isOptional).map { presenceName($0) }
            + message.fields.filter(\.isRepeated).map { "n_\(cFieldName($0.name))" }
        try checkDistinct(inC, in: message.fullName, also: [])
    }

    private func checkDistinct(
        _ names: [String], in place: String, also taken: Set<String>
    ) throws(SchemaRefusal) {
        var seen = taken
        for name in names where !seen.insert(name).inserted {
            throw SchemaRefusal(place, "two members have the name \(name), or the name is taken")
        }
    }

    /// Methods may be named by their id on the wire, so ids must tell them apart.
    private func checkMethods(_ services: [ServiceType]) throws(SchemaRefusal) {
        var owners: [UInt32: String] = [:]
        for method in services.flatMap(\.methods) {
            let id = methodID(method.fullName)
            guard id != 0 else {
                throw SchemaRefusal(method.fullName, "the method's id is 0, which means none")
            }
            if let other = owners.updateValue(method.fullName, forKey: id) {
                throw SchemaRefusal(method.fullName, "the method's id is that of \(other): \(id)")
            }
        }
        for service in services {
            try checkDistinct(
                service.methods.map { lowerFirst($0.name) }, in: service.fullName,
                also: ["register", "init", "channel"])
        }
    }
}

/// FNV-1a-32 of a method's full name: its id on the wire.
func methodID(_ name: String) -> UInt32 {
    name.utf8.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
}
