import Domain
import Testing

@Suite("Code tables")
struct CodeTableTests {
    @Test("Codes and labels are unique and find each other", arguments: CodeTable.all)
    func unique(table: CodeTable) {
        #expect(!table.items.isEmpty)
        #expect(Set(table.items.map(\.code)).count == table.items.count)
        #expect(Set(table.items.map(\.label)).count == table.items.count)
        for item in table.items {
            #expect(table.label(item.code) == item.label)
            #expect(table.code(item.label) == item.code)
        }
        #expect(table.label("no code") == nil && table.code("no label") == nil)
        #expect(CodeTable.named(table.name) == table)
    }

    @Test(
        "Tables are found by the catalogue's names, with as many items as their standard",
        arguments: [
            ("education_gbt4658", 8), ("degree_gbt6864", 4), ("title_levels", 5),
            ("title_series_27", 27), ("ethnic_gb3304", 58), ("political_gbt4762", 13),
            ("health_gbt2261_3", 4), ("sex_gbt2261_1", 2), ("provinces", 34), ("id_documents", 8),
            ("unit_nature", 14),
        ])
    func named(name: String, count: Int) {
        #expect(CodeTable.named(name)?.items.count == count)
    }

    @Test("No other name is a table's")
    func unknown() {
        #expect(CodeTable.named("") == nil)
        #expect(CodeTable.named("education") == nil)
    }

    @Test(
        "What the manual's screens show",
        arguments: [
            ("education_gbt4658", "21", "大学本科"), ("degree_gbt6864", "4", "学士"),
            ("political_gbt4762", "03", "共青团员"), ("political_gbt4762", "13", "群众"),
            ("id_documents", "114", "中国人民解放军军官证"), ("unit_nature", "20", "事业单位"),
            ("ethnic_gb3304", "22", "畲族"), ("health_gbt2261_3", "1", "健康或良好"),
            ("title_levels", "3", "中级"), ("title_series_27", "5", "工程技术人员"),
            ("provinces", "350000", "福建省"), ("sex_gbt2261_1", "2", "女"),
        ])
    func shown(table: String, code: String, label: String) {
        #expect(CodeTable.named(table)?.label(code) == label)
    }

    @Test("A series names its titles level by level")
    func titles() throws {
        let engineers = try #require(TitleSeries(code: "5"))
        #expect(
            CodeTable.titleLevels.items.flatMap { engineers.titles(level: $0.code) }
                == ["正高级工程师", "高级工程师", "工程师", "助理工程师", "技术员"])
        let universities = try #require(TitleSeries(code: "1"))
        #expect(universities.titles(level: "5").isEmpty)
        #expect(universities.titles(level: "9").isEmpty)
        #expect(TitleSeries(code: "28") == nil)
    }

    @Test("No level of a series names a title twice", arguments: TitleSeries.all)
    func noRepetition(series: TitleSeries) {
        #expect(!series.ladders.isEmpty && !series.titles(level: "1").isEmpty)
        for level in CodeTable.titleLevels.items {
            let titles = series.titles(level: level.code)
            #expect(Set(titles).count == titles.count)
        }
    }
}
