import Domain
import ServiceRuntime

/// Kinds of items that a deployment adds under 行业专用, as data (A1):
///
///     {"kinds": [{"key": "lessons", "label": "课时", "main": "subject",
///       "columns": [{"label": "学科", "keys": ["subject"]}],
///       "fields": [{"key": "subject", "label": "学科", "type": "text", "required": true},
///                  {"key": "level", "label": "级别", "type": "code", "code_table": "title_levels"},
///                  {"key": "scope", "label": "范围", "type": "enum", "values": ["校级", "市级"]},
///                  {"key": "hours", "label": "课时数", "type": "decimal", "unit": "课时"}]}]}
///
/// Types and what they hold are those of `FieldDefinition`; keys are a to z, 0 to 9 and _.
struct IndustryKinds: Sendable, Hashable {
    let kinds: [ItemKind]

    /// The most kinds, and the most fields of one.
    static let most = 50

    /// - Throws: what is wrong, with the place.
    init(parsing bytes: [UInt8]) throws(ConfigurationError) {
        guard let document = JSONValue(parsing: bytes) else {
            throw ConfigurationError(
                "it is not one JSON value of at most \(JSONValue.longest) bytes")
        }
        var kinds: [ItemKind] = []
        for kind in try document.list("kinds", "the file") {
            kinds.append(try ItemKind(kind, at: "kind \(kinds.count + 1)"))
        }
        self.kinds = kinds
    }
}

extension Catalog {
    /// - Throws: when a key is there already.
    func adding(industryKinds added: IndustryKinds) throws(ConfigurationError) -> Catalog {
        var known = Set(kinds.map(\.key))
        for kind in added.kinds where !known.insert(kind.key).inserted {
            throw ConfigurationError("there is a kind “\(kind.key)” already")
        }
        var categories = categories
        for index in categories.indices where categories[index].key == Catalog.industry {
            categories[index].kinds += added.kinds
        }
        return Catalog(categories: categories)
    }
}

extension ItemKind {
    fileprivate init(_ value: JSONValue, at place: String) throws(ConfigurationError) {
        let key = try value.key("key", place)
        let place = "kind “\(key)”"
        var fields: [Field] = []
        for field in try value.list("fields", place) {
            fields.append(try Field(field, at: "\(place), field \(fields.count + 1)"))
        }
        let names = Set(fields.map(\.key))
        guard names.count == fields.count else {
            throw ConfigurationError("\(place) has a field key twice")
        }
        guard fields.filter({ $0.type == .files }).count <= 1 else {
            throw ConfigurationError("\(place) has more than one field of files")
        }
        let main = try value.text("main", place)
        guard
            fields.contains(where: {
                $0.key == main && $0.isRequired && ![.files, .longText].contains($0.type)
            })
        else {
            throw ConfigurationError(
                "\(place): main is a required field of one line, “\(main)” is none")
        }
        var columns: [Column] = []
        for column in try value.list("columns", place) {
            let keys = try column.list("keys", "a column of \(place)").compactMap(\.string)
            guard !keys.isEmpty, keys.allSatisfy(names.contains) else {
                throw ConfigurationError("\(place): a column shows fields that are none")
            }
            columns.append(
                Column(try column.text("label", "a column of \(place)"), keys: keys))
        }
        self.init(key, try value.text("label", place), main: main, columns: columns, fields)
    }
}

extension Field {
    fileprivate init(_ value: JSONValue, at place: String) throws(ConfigurationError) {
        let unit = value["unit"]?.string ?? ""
        guard unit.count <= 10 else {
            throw ConfigurationError("\(place): a unit has at most 10 characters")
        }
        self.init(
            try value.key("key", place), try value.text("label", place),
            try FieldType(value, at: place), required: value["required"] == .bool(true),
            unit: unit)
    }
}

extension FieldType {
    fileprivate init(_ value: JSONValue, at place: String) throws(ConfigurationError) {
        let name = try value.text("type", place)
        let plain: [FieldType] = [
            .text, .longText, .date, .year, .integer, .decimal, .bool, .files, .json,
        ]
        if let type = plain.first(where: { $0.name == name }) {
            self = type
        } else if name == "enum" {
            let values = try value.list("values", place).compactMap(\.string)
            guard !values.isEmpty, values.allSatisfy({ (1...50).contains($0.count) }) else {
                throw ConfigurationError(
                    "\(place): values of an enum are texts of 1 to 50 characters")
            }
            self = .choice(values)
        } else if name == "code" {
            let table = try value.text("code_table", place)
            guard let codes = CodeTable.named(table) else {
                throw ConfigurationError("\(place): there is no code table “\(table)”")
            }
            self = .code(codes)
        } else {
            throw ConfigurationError("\(place): there is no type “\(name)”")
        }
    }
}

extension JSONValue {
    fileprivate func text(_ member: String, _ place: String) throws(ConfigurationError) -> String {
        guard let text = self[member]?.string, (1...50).contains(text.count) else {
            throw ConfigurationError("\(place): \(member) is a text of 1 to 50 characters")
        }
        return text
    }

    fileprivate func key(_ member: String, _ place: String) throws(ConfigurationError) -> String {
        let key = try text(member, place)
        guard
            key.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
            }), key.utf8.count <= 40
        else {
            throw ConfigurationError("\(place): \(member) is 1 to 40 of a to z, 0 to 9 and _")
        }
        return key
    }

    fileprivate func list(
        _ member: String, _ place: String
    ) throws(ConfigurationError) -> [JSONValue] {
        guard case .array(let values)? = self[member],
            (1...IndustryKinds.most).contains(values.count)
        else {
            throw ConfigurationError(
                "\(place): \(member) is a list of 1 to \(IndustryKinds.most) entries")
        }
        return values
    }
}
