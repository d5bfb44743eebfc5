/// A series of professional titles, 职称系列 (人社部《职称系列（专业）各层级名称》, 2021).
package struct TitleSeries: Sendable, Hashable {
    /// "1" to "27".
    package let code: String
    /// "工程技术人员".
    package let name: String
    /// One ladder of titles per profession of the series.
    package let ladders: [Ladder]

    /// The titles of one profession, a rung per level.
    package struct Ladder: Sendable, Hashable {
        /// 正高级, 副高级, 中级, 助理级, 员级: the order of ``CodeTable/titleLevels``; nil where the level has
        /// no title.
        private let rungs: [String?]

        init(_ rungs: String?...) {
            self.rungs = rungs
        }

        /// The title of a level.
        /// - Parameter level: a code of ``CodeTable/titleLevels``.
        package func title(level: String) -> String? {
            CodeTable.titleLevels.items.firstIndex { $0.code == level }.flatMap { index in
                rungs.indices.contains(index) ? rungs[index] : nil
            }
        }
    }

    private init(_ code: String, _ name: String, _ ladders: Ladder...) {
        self.code = code
        self.name = name
        self.ladders = ladders
    }

    /// Every title of a level; none twice.
    /// - Parameter level: a code of ``CodeTable/titleLevels``.
    package func titles(level: String) -> [String] {
        ladders.compactMap { $0.title(level: level) }
    }

    /// The series of a code; nil for an unknown one.
    package init?(code: String) {
        guard let series = Self.all.first(where: { $0.code == code }) else { return nil }
        self = series
    }

    /// All 27. Series 1 to 13 were read in the published list; the others await a check against it
    /// before production, and 公共法律服务 and later ones may be numbered otherwise there.
    package static let all: [TitleSeries] = [
        TitleSeries(
            "1", "高等学校教师",
            Ladder("教授", "副教授", "讲师", "助教")),
        TitleSeries(
            "2", "哲学社会科学研究人员",
            Ladder("研究员", "副研究员", "助理研究员", "研究实习员")),
        TitleSeries(
            "3", "自然科学研究人员",
            Ladder("研究员", "副研究员", "助理研究员", "研究实习员")),
        TitleSeries(
            "4", "卫生技术人员",
            Ladder("主任医师", "副主任医师", "主治(主管)医师", "医师", "医士"),
            Ladder("主任药师", "副主任药师", "主管药师", "药师", "药士"),
            Ladder("主任护师", "副主任护师", "主管护师", "护师", "护士"),
            Ladder("主任技师", "副主任技师", "主管技师", "技师", "技士")),
        TitleSeries(
            "5", "工程技术人员",
            Ladder("正高级工程师", "高级工程师", "工程师", "助理工程师", "技术员")),
        TitleSeries(
            "6", "农业技术人员",
            Ladder("正高级农艺师", "高级农艺师", "农艺师", "助理农艺师", "农业技术员"),
            Ladder("正高级畜牧师", "高级畜牧师", "畜牧师", "助理畜牧师"),
            Ladder("正高级兽医师", "高级兽医师", "兽医师", "助理兽医师"),
            Ladder("农业技术推广研究员")),
        TitleSeries(
            "7", "新闻专业人员",
            Ladder("高级记者", "主任记者", "记者", "助理记者"),
            Ladder("高级编辑", "主任编辑", "编辑", "助理编辑")),
        TitleSeries(
            "8", "出版专业人员",
            Ladder("编审", "副编审", "编辑", "助理编辑")),
        TitleSeries(
            "9", "图书资料专业人员",
            Ladder("研究馆员", "副研究馆员", "馆员", "助理馆员", "管理员")),
        TitleSeries(
            "10", "文物博物专业人员",
            Ladder("研究馆员", "副研究馆员", "馆员", "助理馆员")),
        TitleSeries(
            "11", "档案专业人员",
            Ladder("研究馆员", "副研究馆员", "馆员", "助理馆员", "管理员")),
        TitleSeries(
            "12", "工艺美术专业人员",
            Ladder("正高级工艺美术师", "高级工艺美术师", "工艺美术师", "助理工艺美术师", "工艺美术员")),
        TitleSeries(
            "13", "技工院校教师",
            Ladder("正高级讲师", "高级讲师", "讲师", "助理讲师"),
            Ladder("正高级实习指导教师", "高级实习指导教师", "一级实习指导教师", "二级实习指导教师", "三级实习指导教师")),
        TitleSeries(
            "14", "体育专业人员",
            Ladder("国家级教练", "高级教练", "中级教练", "初级教练"),
            Ladder("正高级运动防护师", "高级运动防护师", "中级运动防护师", "初级运动防护师")),
        TitleSeries(
            "15", "翻译专业人员",
            Ladder("译审", "一级翻译", "二级翻译", "三级翻译")),
        TitleSeries(
            "16", "播音主持专业人员",
            Ladder("播音指导", "主任播音员主持人", "一级播音员主持人", "二级播音员主持人")),
        TitleSeries(
            "17", "会计人员",
            Ladder("正高级会计师", "高级会计师", "会计师", "助理会计师")),
        TitleSeries(
            "18", "统计专业人员",
            Ladder("正高级统计师", "高级统计师", "统计师", "助理统计师")),
        TitleSeries(
            "19", "经济专业人员",
            Ladder("正高级经济师", "高级经济师", "经济师", "助理经济师"),
            Ladder("正高级人力资源管理师", "高级人力资源管理师", "人力资源管理师", "助理人力资源管理师"),
            Ladder("正高级知识产权师", "高级知识产权师", "知识产权师", "助理知识产权师")),
        TitleSeries(
            "20", "实验技术人员",
            Ladder("正高级实验师", "高级实验师", "实验师", "助理实验师", "实验员")),
        TitleSeries(
            "21", "中等职业学校教师",
            Ladder("正高级讲师", "高级讲师", "讲师", "助理讲师"),
            Ladder("正高级实习指导教师", "高级实习指导教师", "一级实习指导教师", "二级实习指导教师", "三级实习指导教师")),
        TitleSeries(
            "22", "中小学教师",
            Ladder("正高级教师", "高级教师", "一级教师", "二级教师", "三级教师")),
        TitleSeries(
            "23", "艺术专业人员",
            Ladder("一级演员", "二级演员", "三级演员", "四级演员"),
            Ladder("一级演奏员", "二级演奏员", "三级演奏员", "四级演奏员"),
            Ladder("一级编剧", "二级编剧", "三级编剧", "四级编剧"),
            Ladder("一级导演(编导)", "二级导演(编导)", "三级导演(编导)", "四级导演(编导)"),
            Ladder("一级指挥", "二级指挥", "三级指挥", "四级指挥"),
            Ladder("一级作曲", "二级作曲", "三级作曲", "四级作曲"),
            Ladder("一级美术师", "二级美术师", "三级美术师", "四级美术师"),
            Ladder("一级文学创作", "二级文学创作", "三级文学创作", "四级文学创作"),
            Ladder("一级舞美设计师", "二级舞美设计师", "三级舞美设计师", "四级舞美设计师")),
        TitleSeries(
            "24", "公共法律服务专业人员",
            Ladder("一级公证员", "二级公证员", "三级公证员", "四级公证员"),
            Ladder("正高级司法鉴定人", "副高级司法鉴定人", "中级司法鉴定人", "初级司法鉴定人"),
            Ladder("主任法医师", "副主任法医师", "主检法医师", "法医师")),
        TitleSeries(
            "25", "船舶专业技术人员",
            Ladder("正高级船长", "高级船长", "中级驾驶员", "助理驾驶员"),
            Ladder("正高级轮机长", "高级轮机长", "中级轮机员", "助理轮机员"),
            Ladder("正高级船舶电子员", "高级船舶电子员", "中级船舶电子员", "助理船舶电子员"),
            Ladder("正高级引航员", "高级引航员", "中级引航员", "助理引航员")),
        TitleSeries(
            "26", "民用航空飞行技术人员",
            Ladder("正高级飞行员", "一级飞行员", "二级飞行员", "三级飞行员")),
        TitleSeries(
            "27", "审计专业人员",
            Ladder("正高级审计师", "高级审计师", "审计师", "助理审计师")),
    ]
}
