import Domain
import Messages
import ServiceRuntime

/// Contradictions between what is on record and what was filled in (decision 9): shown to the reviewer as
/// warnings, never refused.
enum Findings {
    /// - Parameters:
    ///   - items: that the submission froze.
    ///   - day: the day to which years are counted: that of the submission.
    static func find(
        _ person: Identity.PersonSummary, _ form: Declaration.Application,
        _ items: [Archive.Item] = [], on day: CivilDay
    ) -> [Declaration.Finding] {
        number(person) + years(form, on: day) + firstWork(person, form, items)
            + items.flatMap { times(of: $0, on: day) }
    }

    /// Nobody starts to work younger (labour law).
    private static let youngestWorker = 16

    /// 参加工作时间 against the birth date, and against the first 工作经历.
    private static func firstWork(
        _ person: Identity.PersonSummary, _ form: Declaration.Application,
        _ items: [Archive.Item]
    ) -> [Declaration.Finding] {
        guard let start = FormCheck.civilDay(form.workStartDay) else { return [] }
        var findings: [Declaration.Finding] = []
        if let birth = FormCheck.civilDay(person.birthDay),
            fullYears(from: birth, to: start) < youngestWorker
        {
            findings.append(
                Declaration.Finding(
                    field: "application.work_start_day",
                    message: "参加工作时不满 \(youngestWorker) 周岁"))
        }
        let first = items.filter { $0.kind == "work_history" }
            .compactMap { FormCheck.civilDay($0.value(of: "start")) }.min()
        if let first, first < start {
            findings.append(
                Declaration.Finding(
                    field: "application.work_start_day",
                    message: "参加工作时间为 \(start)，工作经历却自 \(first) 开始"))
        }
        return findings
    }

    /// An archive item that ends before it begins, or begins after it was submitted.
    private static func times(
        of item: Archive.Item, on day: CivilDay
    ) -> [Declaration.Finding] {
        let name = [item.kindLabel, item.mainName].filter { !$0.isEmpty }.joined(separator: " ")
        guard let start = FormCheck.civilDay(item.value(of: "start")) else { return [] }
        if start > day {
            return [
                Declaration.Finding(field: "items.\(item.id)", message: "\(name)：开始时间晚于申报日期")
            ]
        }
        guard let end = FormCheck.civilDay(item.value(of: "end")), end < start else { return [] }
        return [
            Declaration.Finding(field: "items.\(item.id)", message: "\(name)：结束时间早于开始时间")
        ]
    }

    private static let residentCard = "111"
    /// Documents with a number of GB 11643 besides the card: residence permits.
    private static let residentDocuments: Set<String> = [residentCard, "TW_RES", "HM_RES"]

    /// Sex and birth date against the ID number, as far as its mask shows them.
    private static func number(_ person: Identity.PersonSummary) -> [Declaration.Finding] {
        var findings: [Declaration.Finding] = []
        let number = Array(person.idNumberMasked)
        guard number.count == 18 else {
            if person.idDocument == residentCard {
                findings.append(
                    Declaration.Finding(field: "id_number", message: "证件编号不是 18 位，与居民身份证不符"))
            }
            return findings
        }
        guard residentDocuments.contains(person.idDocument) || person.idDocument.isEmpty else {
            let label = CodeTable.idDocuments.label(person.idDocument) ?? person.idDocument
            return [
                Declaration.Finding(
                    field: "id_document", message: "证件类型为\(label)，证件编号却是 18 位居民身份号码的形式")
            ]
        }
        if let digit = number[16].wholeNumberValue, !person.sex.isEmpty {
            let sex = (digit.isMultiple(of: 2) ? Sex.female : Sex.male).label
            if sex != person.sex {
                findings.append(
                    Declaration.Finding(
                        field: "sex", message: "性别为\(person.sex)，证件编号显示为\(sex)"))
            }
        }
        let birth = person.birthDay.filter { $0 != "-" }
        if birth.isEmpty {
            findings.append(Declaration.Finding(field: "birth_day", message: "没有出生日期"))
        } else if zip(number[6..<14], birth).contains(where: { $0 != "*" && $0 != $1 }) {
            findings.append(
                Declaration.Finding(field: "birth_day", message: "出生日期与证件编号不符"))
        }
        return findings
    }

    /// 工作年限 and 专业年限 against 参加工作时间; a year more or less is a matter of counting.
    private static func years(
        _ form: Declaration.Application, on day: CivilDay
    ) -> [Declaration.Finding] {
        var findings: [Declaration.Finding] = []
        let worked = leadingNumber(form.workYears)
        if let start = FormCheck.civilDay(form.workStartDay) {
            let passed = fullYears(from: start, to: day)
            if passed < 0 {
                findings.append(
                    Declaration.Finding(
                        field: "application.work_start_day", message: "参加工作时间晚于申报日期"))
            } else if let worked, abs(worked - passed) > 1 {
                findings.append(
                    Declaration.Finding(
                        field: "application.work_years",
                        message: "工作年限为 \(worked) 年，按参加工作时间应为 \(passed) 年"))
            }
        }
        if let worked, let special = leadingNumber(form.specialtyYears), special > worked {
            findings.append(
                Declaration.Finding(
                    field: "application.specialty_years",
                    message: "专业年限为 \(special) 年，多于工作年限 \(worked) 年"))
        }
        return findings
    }

    /// "3年" → 3; at most three digits.
    private static func leadingNumber(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return digits.count <= 3 ? Int(digits) : nil
    }

    /// Negative when `end` lies before `start`.
    private static func fullYears(from start: CivilDay, to end: CivilDay) -> Int {
        guard end >= start else { return -1 }
        let isBeforeTheDay = (end.month, end.day) < (start.month, start.day)
        return end.year - start.year - (isBeforeTheDay ? 1 : 0)
    }
}

extension Archive.Item {
    /// A form value by its key; "" when there is none.
    fileprivate func value(of key: String) -> String {
        values.first { $0.key == key }?.value ?? ""
    }
}
