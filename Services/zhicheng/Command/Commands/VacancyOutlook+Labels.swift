import ZhichengClient

extension Declaration.VacancyOutlook {
    /// What an approval with 占用 leaves (Q4), for the reviewer.
    var sentence: String {
        guard let facts, !unavailable else { return "岗位空缺数暂时无法查询（quota-service 没有应答）" }
        let level = "\(facts.year) 年度\(facts.level.label)"
        if facts.noRecord { return "\(level): 没有已确认的岗位核准信息，不能占用职位数" }
        let now = "\(level): 已推荐 \(facts.recommended)"
        if facts.unlimited { return "\(now)，不限空缺数；另有 \(pending) 件待审" }
        return now + "，剩余 \(facts.approved - facts.recommended)；"
            + (holds ? "本件已占用，通过后剩余 " : "本件占用后剩余 ") + "\(afterThis)；"
            + "另有 \(pending) 件待审，全部占用后剩余 \(afterAll)"
    }
}

/// The same for programs.
struct OutlookRecord: Encodable {
    let year: Int32
    let level: String
    /// Null = 不限.
    let approved, remaining, afterThis, afterAll: Int64?
    let recommended, pending: Int64
    let holds, noRecord, unavailable: Bool

    init(_ outlook: Declaration.VacancyOutlook) {
        let facts = outlook.facts ?? Common.VacancyFacts()
        year = facts.year
        level = facts.level.label
        approved = facts.unlimited ? nil : facts.approved
        remaining = facts.unlimited ? nil : facts.approved - facts.recommended
        afterThis = facts.unlimited ? nil : outlook.afterThis
        afterAll = facts.unlimited ? nil : outlook.afterAll
        recommended = facts.recommended
        pending = outlook.pending
        holds = outlook.holds
        noRecord = facts.noRecord
        unavailable = outlook.unavailable
    }
}
