import Domain
import MessageCoding
import Messages
import ServiceRuntime

/// What the applicant fills in (screen 4-2), checked.
enum ApplicationForm {
    /// Tidied, within its bounds; entries may still be missing.
    static func tidied(
        _ form: Declaration.Application, _ check: inout FormCheck
    ) -> Declaration.Application {
        var tidy = form
        func text(
            _ path: WritableKeyPath<Declaration.Application, String>, _ name: String,
            _ label: String, _ longest: Int
        ) {
            tidy[keyPath: path] = check.text(
                form[keyPath: path], "application.\(name)", label, required: false,
                longest: longest)
        }
        text(\.title, "title", "申报职称", 50)
        text(\.level, "level", "申报级别", 10)
        text(\.specialty, "specialty", "申报专业", 50)
        text(\.form, "form", "申报形式", 20)
        text(\.series, "series", "申报系列", 50)
        text(\.commonName, "common_name", "常用名", 50)
        text(\.birthplace, "birthplace", "出生地", 50)
        text(\.nation, "nation", "民族", 20)
        text(\.wageGrade, "wage_grade", "工资级别", 20)
        text(\.specialtyYears, "specialty_years", "专业年限", 10)
        text(\.post, "post", "党政职务", 50)
        text(\.workYears, "work_years", "工作年限", 10)
        text(\.health, "health", "身体状况", 20)
        text(\.societies, "societies", "参加何学术团体任何职务", 200)
        tidy.workStartDay = check.day(
            form.workStartDay, "application.work_start_day", "参加工作时间")
        if !tidy.level.isEmpty, TitleLevel(rawValue: tidy.level) == nil {
            check.fault("application.level", "申报级别", "应为正高级、副高级、中级、助理级或员级")
        }
        if !tidy.nation.isEmpty, CodeTable.ethnicGroups.code(tidy.nation) == nil {
            check.fault("application.nation", "民族", "请从列表中选择")
        }
        return tidy
    }

    /// What a tidied form lacks to be submitted to the plan.
    static func checkComplete(
        _ form: Declaration.Application, for plan: Declaration.Plan, _ check: inout FormCheck
    ) {
        for (value, name, label) in [
            (form.title, "title", "申报职称"), (form.level, "level", "申报级别"),
            (form.specialty, "specialty", "申报专业"), (form.form, "form", "申报形式"),
        ] where value.isEmpty {
            check.fault("application.\(name)", label, "不能为空")
        }
        if let level = TitleLevel(rawValue: form.level), !level.isCovered(by: plan.levels) {
            check.fault("application.level", "申报级别", "该评审计划不受理此级别")
        }
        if !form.series.isEmpty, !plan.series.isEmpty, !plan.series.contains(form.series) {
            check.fault("application.series", "申报系列", "该评审计划不受理此系列")
        }
    }
}

/// An approved archive item in a version, as a submission freezes it (D2).
struct FrozenItem: Sendable {
    /// Items of one declaration.
    static let most = 500

    let id: String
    let version: Int64
    /// The item as it was read, without its flow.
    let bytes: [UInt8]

    init(_ item: Archive.Item) throws {
        var item = item
        item.flow = []
        item.taskID = ""
        id = item.id
        version = item.version
        bytes = try item.encodedBytes()
    }
}
