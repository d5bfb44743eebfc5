import Domain

extension Catalog {
    /// The seven categories of the manual (3.1, figures 3-2 and 4-2); what it does not name follows common practice.
    static let standard = Catalog(categories: [
        Category(
            key: "basic", label: "基本信息", kinds: [workHistory, education, continuingEducation]),
        Category(key: "appraisal_award", label: "考核表彰", kinds: [annualAppraisal, honor]),
        Category(
            key: "ability", label: "能力条件", kinds: [currentTitle, qualification, societyPost]),
        Category(key: "performance", label: "工作业绩", kinds: [project, achievement]),
        Category(key: "research", label: "论文著作科研", kinds: [paper, book, patent, standardWork]),
        Category(key: "foreign_aid", label: "对外援助", kinds: [aid]),
        Category(key: industry, label: "行业专用", kinds: [custom]),
    ])

    /// The category that a deployment may add kinds to.
    static let industry = "industry"

    private static let ranks = ["国家级", "省部级", "市厅级", "县处级", "单位级"]

    // MARK: 基本信息

    private static let workHistory = ItemKind(
        "work_history", "工作经历", main: "employer",
        columns: [
            Column("工作单位", "employer"), Column("起止日期", "start", "end"), Column("职务", "position"),
        ],
        [
            Field("employer", "工作单位", required: true),
            Field("start", "开始日期", .date, required: true),
            // Without an end it goes on.
            Field("end", "结束日期", .date, rules: [.notBefore("start")]),
            Field("position", "职务/岗位", required: true),
            Field("profession", "从事专业"),
            .evidence(),
        ])

    private static let education = ItemKind(
        "education", "教育经历", main: "school",
        columns: [
            Column("毕业院校", "school"), Column("起止日期", "start", "end"), Column("获得学历", "education"),
            Column("获得学位", "degree"),
        ],
        [
            Field("school", "毕业院校", required: true),
            Field("start", "入学日期", .date, required: true),
            Field("end", "毕业日期", .date, required: true, rules: [.after("start")]),
            Field("major", "所学专业", required: true),
            Field("mode", "教育类型", .choice(["全日制教育", "非全日制教育"]), required: true),
            Field("years", "学制", .integer, required: true, unit: "年"),
            Field("overseas", "是否国外院校", .bool, required: true),
            Field("education", "获得学历", .code(.education), required: true),
            Field("cert_no", "证书编号"),
            Field("degree", "获得学位", .code(.degrees)),
            Field("degree_date", "学位获得日期", .date, rules: [.requiredWith("degree")]),
            .evidence(required: true),
        ])

    private static let continuingEducation = ItemKind(
        "continuing_education", "继续教育", main: "course",
        columns: [Column("年度", "year"), Column("培训名称", "course"), Column("学时", "hours")],
        [
            Field("year", "年度", .year, required: true),
            Field("course", "培训名称", required: true),
            Field("org", "培训机构"),
            Field("start", "开始日期", .date),
            Field("end", "结束日期", .date, rules: [.notBefore("start")]),
            Field("category", "科目类别", .choice(["公需科目", "专业科目"]), required: true),
            Field("hours", "学时", .decimal, required: true, rules: [.positive]),
            Field("cert_no", "证书编号"),
            .evidence(),
        ])

    // MARK: 考核表彰

    private static let annualAppraisal = ItemKind(
        "annual_appraisal", "年度考核", main: "year",
        columns: [Column("考核年度", "year"), Column("考核结果", "result")],
        [
            Field("year", "考核年度", .year, required: true),
            Field(
                "result", "考核结果", .choice(["优秀", "合格", "基本合格", "不合格", "不定等次"]), required: true),
            .evidence(),
        ])

    private static let honor = ItemKind(
        "honor", "荣誉表彰", main: "name",
        columns: [
            Column("荣誉名称", "name"), Column("级别", "level"), Column("授予单位", "grantor"),
            Column("授予日期", "date"),
        ], showsSubmissionDay: false,
        [
            Field("name", "荣誉名称", required: true),
            Field("level", "级别", .choice(ranks), required: true),
            Field("grantor", "授予单位", required: true),
            Field("date", "授予日期", .date, required: true),
            Field("rank", "本人排名", .integer),
            .evidence(required: true),
        ])

    // MARK: 能力条件

    private static let currentTitle = ItemKind(
        "current_title", "现任职称", main: "title",
        columns: [Column("职称名称", "title"), Column("级别", "level"), Column("取得日期", "date")],
        showsSubmissionDay: false,
        [
            Field("series", "职称系列", .code(.titleSeries), required: true),
            Field("title", "职称名称", required: true),
            Field("level", "级别", .code(.titleLevels), required: true),
            Field("date", "取得日期", .date, required: true),
            Field("cert_no", "证书编号"),
            .evidence(required: true),
        ])

    private static let qualification = ItemKind(
        "qualification", "职业资格", main: "name",
        columns: [Column("资格名称", "name"), Column("取得日期", "date")], showsSubmissionDay: false,
        [
            Field("name", "资格名称", required: true),
            Field("date", "取得日期", .date, required: true),
            Field("cert_no", "证书编号"),
            .evidence(required: true),
        ])

    private static let societyPost = ItemKind(
        "society_post", "学术团体任职", main: "name",
        columns: [Column("团体名称", "name"), Column("职务", "post")], showsSubmissionDay: false,
        [
            Field("name", "团体名称", required: true),
            Field("post", "职务", required: true),
            Field("start", "开始日期", .date),
        ])

    // MARK: 工作业绩

    private static let project = ItemKind(
        "project", "项目业绩", main: "name",
        columns: [Column("项目名称", "name"), Column("项目级别", "level"), Column("起止日期", "start", "end")],
        [
            Field("name", "项目名称", required: true),
            Field("start", "开始日期", .date, required: true),
            Field("end", "结束日期", .date, rules: [.notBefore("start")]),
            Field("amount", "项目金额", .decimal, unit: "万元"),
            Field("source", "来源(委托单位)", required: true),
            Field("closed", "是否结题", .bool, required: true),
            Field("level", "项目级别", .choice(ranks), required: true),
            Field("headcount", "参与人数", .integer, required: true, unit: "人"),
            Field("role", "参与形式", .choice(["主持", "参与"]), required: true),
            Field("rank", "本人排名", .integer, required: true, rules: [.atMost("headcount")]),
            Field("duty", "主要任务", .longText),
            Field("intro", "项目介绍", .longText),
            .evidence(),
        ])

    private static let achievement = ItemKind(
        "achievement", "技术成果/推广应用", main: "name",
        columns: [Column("成果名称", "name"), Column("取得日期", "date")], showsSubmissionDay: false,
        [
            Field("name", "成果名称", required: true),
            Field("date", "取得日期", .date, required: true),
            Field("benefit", "效益说明", .longText),
            .evidence(required: true),
        ])

    // MARK: 论文著作科研

    private static let paper = ItemKind(
        "paper", "论文", main: "title",
        columns: [Column("论文题目", "title"), Column("刊物", "journal"), Column("发表日期", "date")],
        showsSubmissionDay: false,
        [
            Field("title", "论文题目", required: true),
            Field("journal", "刊物名称", required: true),
            Field("issn", "ISSN"),
            Field("cn", "CN号"),
            Field("volume", "年卷期"),
            Field("date", "发表日期", .date, required: true),
            Field("rank", "作者排序", .integer, required: true),
            Field("corresponding", "是否通讯作者", .bool),
            Field("index", "收录情况"),
            .evidence(required: true),
        ])

    private static let book = ItemKind(
        "book", "著作", main: "title",
        columns: [Column("著作名称", "title"), Column("出版社", "publisher"), Column("出版日期", "date")],
        showsSubmissionDay: false,
        [
            Field("title", "著作名称", required: true),
            Field("publisher", "出版社", required: true),
            Field("isbn", "ISBN", required: true, rules: [.isbn]),
            Field("date", "出版日期", .date, required: true),
            Field("role", "本人角色", .choice(["主编", "副主编", "参编", "独著", "合著"]), required: true),
            Field("words", "本人撰写字数(万)", .decimal),
            .evidence(required: true),
        ])

    private static let patent = ItemKind(
        "patent", "专利/软著", main: "name",
        columns: [Column("名称", "name"), Column("类型", "type"), Column("授权日期", "date")],
        showsSubmissionDay: false,
        [
            Field("name", "名称", required: true),
            Field("type", "类型", .choice(["发明专利", "实用新型", "外观设计", "软件著作权"]), required: true),
            Field("no", "授权号", required: true),
            Field("date", "授权日期", .date, required: true),
            Field("rank", "发明人排序", .integer, required: true),
            .evidence(required: true),
        ])

    private static let standardWork = ItemKind(
        "standard", "标准/规范", main: "name",
        columns: [Column("标准名称", "name"), Column("标准号", "no")], showsSubmissionDay: false,
        [
            Field("name", "标准名称", required: true),
            Field("no", "标准号", required: true),
            Field("level", "级别", .choice(["国际", "国家", "行业", "地方", "团体"]), required: true),
            Field("rank", "排名", .integer, required: true),
            .evidence(required: true),
        ])

    // MARK: 对外援助, 行业专用

    private static let aid = ItemKind(
        "aid", "援外/援藏援疆/支教支医", main: "name",
        columns: [Column("项目", "name"), Column("起止日期", "start", "end")],
        showsSubmissionDay: false,
        [
            Field("name", "项目名称", required: true),
            Field("place", "地点", required: true),
            Field("start", "开始日期", .date, required: true),
            Field("end", "结束日期", .date, required: true, rules: [.notBefore("start")]),
            Field("result", "考核结果"),
            .evidence(required: true),
        ])

    private static let custom = ItemKind(
        "custom", "行业专用业绩", main: "name", columns: [Column("名称", "name")],
        [
            Field("name", "名称", required: true),
            Field("payload", "行业字段", .json, required: true),
            .evidence(),
        ])
}
