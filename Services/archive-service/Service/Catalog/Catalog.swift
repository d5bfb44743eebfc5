import Domain

/// The categories of the archive with their kinds of items: data that drives forms, checks and list columns (A1).
struct Catalog: Sendable, Hashable {
    let categories: [Category]

    /// 基本信息, 考核表彰 …
    struct Category: Sendable, Hashable {
        let key: String
        let label: String
        var kinds: [ItemKind]
    }

    /// The kind with that key, in any category.
    func kind(_ key: String) -> ItemKind? {
        for category in categories {
            if let kind = category.kinds.first(where: { $0.key == key }) { return kind }
        }
        return nil
    }

    /// Every kind, in the order of the tree.
    var kinds: [ItemKind] { categories.flatMap(\.kinds) }
}

/// 教育经历, 论文 …: one form and one list.
struct ItemKind: Sendable, Hashable {
    /// At most 40 characters of a to z, 0 to 9 and _.
    let key: String
    let label: String
    /// The field that names an item in searches and tasks: 毕业院校, 论文题目.
    let main: String
    /// What the list shows between 申报人 and 申报日期.
    let columns: [Column]
    /// Whether the list ends with 申报日期.
    let showsSubmissionDay: Bool
    /// In the order of the form.
    let fields: [Field]

    init(
        _ key: String, _ label: String, main: String, columns: [Column],
        showsSubmissionDay: Bool = true, _ fields: [Field]
    ) {
        self.key = key
        self.label = label
        self.main = main
        self.columns = columns
        self.showsSubmissionDay = showsSubmissionDay
        self.fields = fields
    }

    func field(_ key: String) -> Field? { fields.first { $0.key == key } }

    /// 佐证材料; nil when the kind has none.
    var evidence: Field? { fields.first { $0.type == .files } }

    /// The heads of the list, from 序号 to 操作.
    var listColumns: [String] {
        ["序号", "申报人"] + columns.map(\.label) + (showsSubmissionDay ? ["申报日期"] : []) + ["操作"]
    }
}

/// A column of a kind's list.
struct Column: Sendable, Hashable {
    let label: String
    /// The fields whose values it shows, with a blank between: 起止日期 is two.
    let keys: [String]

    init(_ label: String, _ keys: String...) {
        self.init(label, keys: keys)
    }

    init(_ label: String, keys: [String]) {
        self.label = label
        self.keys = keys
    }
}

/// A field of a kind's form.
struct Field: Sendable, Hashable {
    let key: String
    let label: String
    let type: FieldType
    let isRequired: Bool
    /// 年, 万元; "" without one.
    let unit: String
    let rules: [FieldRule]

    init(
        _ key: String, _ label: String, _ type: FieldType = .text, required: Bool = false,
        unit: String = "", rules: [FieldRule] = []
    ) {
        self.key = key
        self.label = label
        self.type = type
        isRequired = required
        self.unit = unit
        self.rules = rules
    }

    /// The file field, named alike in every kind.
    static func evidence(required: Bool = false) -> Field {
        Field("evidence", "佐证材料", .files, required: required)
    }
}

/// What a field holds.
enum FieldType: Sendable, Hashable {
    /// One line, at most 200 characters.
    case text
    /// Lines, at most 1,500 characters.
    case longText
    /// "2022-04-19".
    case date
    /// 1900 to 2100.
    case year
    /// 1 to 100,000.
    case integer
    /// 0 to 9,999,999,999, at most 4 places.
    case decimal
    /// 是 or 否.
    case bool
    /// One of these texts.
    case choice([String])
    /// An entry of a code table, given by code or name, kept by name.
    case code(CodeTable)
    /// Uploaded files.
    case files
    /// A JSON object of at most 3,000 characters.
    case json

    /// As the contract says it.
    var name: String {
        switch self {
        case .text: "text"
        case .longText: "longtext"
        case .date: "date"
        case .year: "year"
        case .integer: "int"
        case .decimal: "decimal"
        case .bool: "bool"
        case .choice: "enum"
        case .code: "code"
        case .files: "files"
        case .json: "json"
        }
    }

    /// The most characters of a value.
    var longest: Int {
        switch self {
        case .longText: 1_500
        case .json: 3_000
        default: 200
        }
    }
}

/// What a field's value must be besides fitting its type.
enum FieldRule: Sendable, Hashable {
    /// A date not before another field's.
    case notBefore(String)
    /// A date after another field's.
    case after(String)
    /// Required when the other field has a value.
    case requiredWith(String)
    /// A number above 0.
    case positive
    /// A number not above another field's.
    case atMost(String)
    /// An ISBN of 10 or 13 digits with its check digit.
    case isbn

    /// For a person; the other field by its label.
    func text(_ kind: ItemKind) -> String {
        func label(_ key: String) -> String { kind.field(key)?.label ?? key }
        return switch self {
        case .notBefore(let other): "不应早于\(label(other))"
        case .after(let other): "应晚于\(label(other))"
        case .requiredWith(let other): "填写\(label(other))时必填"
        case .positive: "应大于 0"
        case .atMost(let other): "不应大于\(label(other))"
        case .isbn: "应为 10 位或 13 位 ISBN"
        }
    }
}
