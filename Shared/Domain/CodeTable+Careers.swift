// Codes about careers and units.

extension CodeTable {
    /// 学历 (GB/T 4658-2006), what a form offers of it.
    package static let education = CodeTable(
        "education_gbt4658",
        [
            "11": "博士研究生", "14": "硕士研究生", "21": "大学本科", "31": "大学专科", "41": "中专", "47": "技工学校",
            "61": "高中", "90": "其他",
        ])

    /// 学位 (GB/T 6864-2003), the levels.
    package static let degrees = CodeTable(
        "degree_gbt6864",
        [
            "1": "名誉博士", "2": "博士", "3": "硕士", "4": "学士",
        ])

    /// 职称级别, highest first; 初级 is 助理级 and 员级.
    package static let titleLevels = CodeTable(
        "title_levels",
        [
            "1": "正高级", "2": "副高级", "3": "中级", "4": "助理级", "5": "员级",
        ])

    /// 职称系列; their titles are in ``TitleSeries``.
    package static let titleSeries = CodeTable(
        "title_series_27", TitleSeries.all.map { Item(code: $0.code, label: $0.name) })

    /// 单位性质 (after GB/T 20091 and the categories of GB 32100).
    package static let unitNature = CodeTable(
        "unit_nature",
        [
            "10": "机关", "20": "事业单位", "21": "参照公务员法管理事业单位", "30": "国有企业", "31": "集体企业",
            "32": "民营企业", "33": "外商及港澳台投资企业", "34": "个体工商户", "35": "农民专业合作社", "40": "社会团体",
            "41": "民办非企业单位(社会服务机构)", "42": "基金会", "50": "人事代理机构", "90": "其他",
        ])
}
