import Domain
import Messages

/// The nine sections of screen 4-2 (D4), filled from what the submission froze.
enum Sections {
    /// The sections that list archive items of one kind.
    private static let ofItems: [(key: String, label: String, kind: String)] = [
        ("work_history", "工作经历", "work_history"), ("education", "学历教育", "education"),
        ("continuing_education", "继续教育", "continuing_education"),
        ("annual_appraisal", "年度考核", "annual_appraisal"), ("honor", "荣誉表彰", "honor"),
    ]

    /// - Parameter recommendation: nil when the viewer may not see it.
    static func of(
        _ declaration: StoredDeclaration, items: [Archive.Item],
        recommendation: StoredRecommendation?
    ) -> [Declaration.Section] {
        let kinds = Set(ofItems.map(\.kind))
        return [
            Declaration.Section(
                key: "declaration", label: "申报情况", rows: [row(declarationValues(declaration))]),
            Declaration.Section(
                key: "person", label: "个人信息", rows: [row(personValues(declaration))]),
            // Items that the screen has no section for are shown with the attachments.
            Declaration.Section(
                key: "attachments", label: "申报相关附件",
                rows: items.filter { !kinds.contains($0.kind) }.map(itemRow)),
        ]
            + ofItems.map { section in
                Declaration.Section(
                    key: section.key, label: section.label,
                    rows: items.filter { $0.kind == section.kind }.map(itemRow))
            } + [
                Declaration.Section(
                    key: "recommendation", label: "单位推荐意见",
                    rows: recommendation.map { [row(recommendationValues($0))] } ?? [])
            ]
    }

    private static func row(_ values: [Common.FormValue]) -> Declaration.SectionRow {
        Declaration.SectionRow(values: values)
    }

    private static func itemRow(_ item: Archive.Item) -> Declaration.SectionRow {
        Declaration.SectionRow(
            itemID: item.id, itemVersion: item.version,
            values: [value("kind", "业绩项", item.kindLabel)] + item.values
                + (item.evidence.isEmpty
                    ? []
                    : [
                        value(
                            "evidence", "佐证材料",
                            item.evidence.map(\.fileName).joined(separator: "、"))
                    ]),
            evidence: item.evidence)
    }

    private static func value(
        _ key: String, _ label: String, _ value: String
    ) -> Common.FormValue {
        Common.FormValue(key: key, label: label, value: value)
    }

    private static func declarationValues(
        _ declaration: StoredDeclaration
    ) -> [Common.FormValue] {
        let form = declaration.application
        return [
            value(
                "title", "申报职称",
                [form.title, form.specialty].filter { !$0.isEmpty }.joined(separator: "-")),
            value(
                "unit", "申报单位",
                [declaration.unit.name, declaration.unit.administrativeLevel]
                    .filter { !$0.isEmpty }.joined(separator: " ")),
            value("unit_nature", "单位性质", declaration.unit.natureLabel),
            value("committee", "受理评委会", declaration.plan.committeeName),
            value("plan", "评审计划", declaration.plan.name),
            value("form", "申报形式", form.form),
            value("level", "申报级别", form.level),
            value("series", "申报系列", form.series),
            value("interview", "是否面试", form.interview ? "需要" : "不需要"),
        ]
    }

    private static func personValues(_ declaration: StoredDeclaration) -> [Common.FormValue] {
        let (person, form) = (declaration.applicant, declaration.application)
        return [
            value("name", "申报人", person.name),
            value("sex", "性别", person.sex),
            value("birth_day", "出生日期", person.birthDay),
            value(
                "id_document", "证件类型",
                CodeTable.idDocuments.label(person.idDocument) ?? person.idDocument),
            value("id_number", "证件编号", person.idNumberMasked),
            value("phone", "联系方式", person.phoneMasked),
            value("political_status", "政治面貌", person.politicalStatus),
            value("common_name", "常用名", form.commonName),
            value("birthplace", "出生地", form.birthplace),
            value("nation", "民族", form.nation),
            value("wage_grade", "工资级别", form.wageGrade),
            value("work_start_day", "参加工作时间", form.workStartDay),
            value("work_years", "工作年限", form.workYears),
            value("specialty_years", "专业年限", form.specialtyYears),
            value("post", "党政职务", form.post),
            value("health", "身体状况", form.health),
            value("societies", "参加何学术团体任何职务", form.societies),
        ]
    }

    private static func recommendationValues(
        _ stored: StoredRecommendation
    ) -> [Common.FormValue] {
        [
            value("text", "单位推荐意见", stored.text),
            value(
                "notice_proofs", "单位公示证明",
                stored.noticeProofs.map(\.fileName).joined(separator: "、")),
            value(
                "materials", "材料", stored.materials.map(\.fileName).joined(separator: "、")),
            value(
                "occupies_post", "是否占用本单位的职位数",
                stored.occupiesPost.map { $0 ? "是" : "否" } ?? ""),
            value("occupation_note", "说明", stored.note),
        ]
    }
}
