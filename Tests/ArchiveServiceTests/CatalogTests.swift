import Domain
import Messages
import ServiceRuntime
import TestSupport
import Testing

@testable import ArchiveService

@Suite struct CatalogTests {
    /// A value of the type that fits.
    static func fitting(_ field: Field) -> String {
        switch field.type {
        case .text: field.rules.contains(.isbn) ? "978-0-306-40615-7" : "文字"
        case .longText: "第一行\n第二行"
        case .date:
            field.rules.isEmpty ? "2020-01-01" : "2021-01-01"
        case .year: "2021"
        case .integer: "3"
        case .decimal: "12.5"
        case .bool: "是"
        case .choice(let values): values[0]
        case .code(let table): table.items[0].label
        case .files: ""
        case .json: #"{"课时":"320"}"#
        }
    }

    static func form(_ kind: ItemKind, all: Bool) -> ItemForm {
        var form = ItemForm()
        for field in kind.fields where all || field.isRequired { form[field.key] = fitting(field) }
        return form
    }

    private func faults(_ kind: ItemKind, _ form: ItemForm, evidence: Int = 1) -> [FieldFault] {
        var check = FormCheck()
        kind.check(form, evidence: evidence, &check)
        return check.faults
    }

    @Test func sevenCategoriesAsOnTheScreen() {
        #expect(
            Catalog.standard.categories.map(\.label) == [
                "基本信息", "考核表彰", "能力条件", "工作业绩", "论文著作科研", "对外援助", "行业专用",
            ])
        #expect(
            Catalog.standard.categories[0].kinds.map(\.label) == ["工作经历", "教育经历", "继续教育"])
        #expect(
            Catalog.standard.kind("education")?.listColumns == [
                "序号", "申报人", "毕业院校", "起止日期", "获得学历", "获得学位", "申报日期", "操作",
            ])
        #expect(
            Catalog.standard.kind("patent")?.listColumns == [
                "序号", "申报人", "名称", "类型", "授权日期", "操作",
            ])
        #expect(
            Catalog.standard.kind("education")?.fields.map(\.label) == [
                "毕业院校", "入学日期", "毕业日期", "所学专业", "教育类型", "学制", "是否国外院校", "获得学历",
                "证书编号", "获得学位", "学位获得日期", "佐证材料",
            ])
    }

    @Test func theDataHoldsTogether() {
        let kinds = Catalog.standard.kinds
        #expect(kinds.count == 16 && Set(kinds.map(\.key)).count == 16)
        for kind in kinds {
            let keys = Set(kind.fields.map(\.key))
            #expect(keys.count == kind.fields.count, "\(kind.key)")
            #expect(kind.field(kind.main)?.isRequired == true, "\(kind.key)")
            #expect(kind.columns.allSatisfy { keys.isSuperset(of: $0.keys) }, "\(kind.key)")
            for rule in kind.fields.flatMap(\.rules) {
                switch rule {
                case .notBefore(let other), .after(let other), .requiredWith(let other),
                    .atMost(let other):
                    #expect(keys.contains(other), "\(kind.key)")
                case .positive, .isbn: break
                }
            }
        }
    }

    @Test(arguments: Catalog.standard.kinds)
    func aFullAndAShortFormPass(_ kind: ItemKind) {
        #expect(faults(kind, Self.form(kind, all: true)) == [])
        #expect(faults(kind, Self.form(kind, all: false)) == [])
    }

    @Test(arguments: Catalog.standard.kinds)
    func anEmptyFormNamesEveryRequiredField(_ kind: ItemKind) {
        let missing = kind.fields.filter(\.isRequired)
        let found = faults(kind, ItemForm(), evidence: 0)
        #expect(found.map(\.label) == missing.map(\.label))
        #expect(found.map(\.field) == missing.map { "values.\($0.key)" })
    }

    @Test(arguments: Catalog.standard.kinds)
    func whatDoesNotFitItsTypeIsNamed(_ kind: ItemKind) {
        var form = ItemForm()
        var wrong: [String] = []
        for field in kind.fields {
            switch field.type {
            case .text where !field.rules.contains(.isbn): form[field.key] = "文字"
            case .longText, .files: break
            default:
                form[field.key] = "不是"
                wrong.append(field.label)
            }
        }
        #expect(faults(kind, form).map(\.label) == wrong)
    }

    @Test(arguments: [
        ("education", ["end": "2020-01-01"], ["毕业日期"]),
        ("education", ["end": "2019-12-31"], ["毕业日期"]),
        ("education", ["degree_date": ""], ["学位获得日期"]),
        ("education", ["degree_date": "", "degree": ""], []),
        ("education", ["years": "0", "start": "2020-02-30"], ["入学日期", "学制"]),
        ("work_history", ["end": "2019-12-31"], ["结束日期"]),
        ("work_history", ["end": "2020-01-01"], []),
        ("work_history", ["end": ""], []),
        ("continuing_education", ["hours": "0.00"], ["学时"]),
        ("continuing_education", ["hours": "0.5"], []),
        ("continuing_education", ["hours": "1.23456", "year": "1899"], ["年度", "学时"]),
        ("project", ["rank": "4"], ["本人排名"]), ("project", ["rank": "1", "amount": "-1"], ["项目金额"]),
        ("book", ["isbn": "978-0-306-40615-8"], ["ISBN"]), ("custom", ["payload": "[1]"], ["行业字段"]),
        ("custom", ["payload": "{"], ["行业字段"]), ("paper", ["corresponding": "maybe"], ["是否通讯作者"]),
        ("current_title", ["series": "魔术师", "level": "9"], ["职称系列", "级别"]),
    ])
    func rulesBetweenFields(
        _ key: String, _ changes: [String: String], _ labels: [String]
    ) throws {
        let kind = try #require(Catalog.standard.kind(key))
        var form = Self.form(kind, all: true)
        for (key, value) in changes { form[key] = value }
        #expect(faults(kind, form).map(\.label) == labels)
    }

    @Test(arguments: [
        ("978-0-306-40615-7", true), ("9780306406157", true), ("0-306-40615-3", false),
        ("0-306-40615-2", true), ("0-8044-2957-X", true), ("0-8044-2957-1", false),
        ("978-X-306-40615-7", false), ("123-0-306-40615-7", false), ("", false),
        ("97873025175", false), ("８７８", false),
    ])
    func isbn(_ text: String, _ isFit: Bool) {
        #expect(isISBN(text) == isFit)
    }

    @Test func draftsAreTidied() throws {
        let kind = try #require(Catalog.standard.kind("education"))
        var check = FormCheck()
        let given = GivenForm(
            [
                Common.FormValue(key: "school", value: "　福建大学 "),
                Common.FormValue(key: "years", value: "2年"),
                Common.FormValue(key: "education", value: "21"),
                Common.FormValue(key: "degree", value: "学士"),
                Common.FormValue(key: "overseas", value: "false"),
                Common.FormValue(key: "start", value: "以后再填"),
                Common.FormValue(key: "evidence", value: "a,b"),
            ], of: kind, &check)
        #expect(check.faults.isEmpty && given.keptEvidence == ["a", "b"])
        #expect(given.form["school"] == "福建大学" && given.form["years"] == "2")
        #expect(given.form["education"] == "大学本科" && given.form["overseas"] == "否")
        #expect(
            kind.shown(given.form).first { $0.key == "years" }
                == Common.FormValue(key: "years", label: "学制", value: "2年"))
        #expect(try ItemForm(storedBytes: given.form.storedBytes) == given.form)
    }

    @Test func whatADraftMayNotHold() throws {
        let kind = try #require(Catalog.standard.kind("project"))
        var check = FormCheck()
        _ = GivenForm(
            [
                Common.FormValue(key: "nothing", value: "x"),
                Common.FormValue(key: "name", value: String(repeating: "长", count: 201)),
                Common.FormValue(key: "name", value: "again"),
                Common.FormValue(key: "source", value: "a\u{7}b"),
                Common.FormValue(key: "intro", value: String(repeating: "长", count: 1_500)),
                Common.FormValue(key: "duty", value: "一\r\n二"),
            ], of: kind, &check)
        #expect(
            check.faults.map(\.field) == [
                "values.nothing", "values.name", "values.name", "values.source",
            ])
        var large = FormCheck()
        let grapheme = "e" + String(repeating: "\u{301}", count: 7)
        _ = GivenForm(
            ["duty", "intro"].map {
                Common.FormValue(key: $0, value: String(repeating: grapheme, count: 1_000))
            }, of: kind, &large)
        #expect(large.faults.map(\.field) == ["values"])
        var many = FormCheck()
        _ = GivenForm(
            (0...100).map { Common.FormValue(key: "k\($0)") }, of: kind, &many)
        #expect(many.faults.map(\.field) == ["values"])
    }
}
