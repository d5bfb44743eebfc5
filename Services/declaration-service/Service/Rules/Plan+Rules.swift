import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.Plan: StorableReply {}

/// A review plan of the HR department or of a committee (D1).
struct PublishPlan: Command {
    let publisher: Identity.Session
    let plan: Declaration.Plan
    let newID: String

    func read(_ rows: any RowReader) throws -> Bool {
        try PlanStore.isPublished(year: plan.year, name: FormCheck.trimmed(plan.name), rows)
    }

    func decide(_ isThere: Bool, at now: Timestamp) throws(Refusal) -> Plan<Declaration.Plan> {
        var plan = plan
        if publisher.role == .committee {
            guard plan.committeeID.isEmpty || plan.committeeID == publisher.committeeID else {
                throw .denied("只能发布本评委会的评审计划")
            }
            plan.committeeID = publisher.committeeID
        }
        var checked = try Self.checked(plan)
        try requireOwnRegion(checked)
        guard !isThere else { throw .exists("\(checked.year) 年度已有同名的评审计划") }
        checked.id = newID
        return Plan(
            writes: [PlanStore.insert(checked, by: publisher.personID, at: now)],
            audit: [
                AuditEntry(
                    actor: "person:\(publisher.personID)", action: "declaration.plan.publish",
                    object: "plan:\(newID)",
                    after: [
                        ("year", String(checked.year)), ("name", checked.name),
                        ("open", checked.openDay), ("close", checked.closeDay),
                    ])
            ], reply: checked)
    }

    /// An HR department speaks for its region and all within it; a plan without a region, which takes everybody, is a
    /// committee's.
    private func requireOwnRegion(_ plan: Declaration.Plan) throws(Refusal) {
        guard publisher.role == .hrDepartment else { return }
        guard let own = Region(code: publisher.region), let region = Region(code: plan.region),
            own.covers(region)
        else { throw .denied("只能发布本地区及其下级地区的评审计划，请填写属地") }
    }

    /// Tidied; every fault is named.
    private static func checked(_ plan: Declaration.Plan) throws(Refusal) -> Declaration.Plan {
        var check = FormCheck()
        var tidy = plan
        if !(2000...2100).contains(plan.year) {
            check.fault("plan.year", "年度", "应为 2000 至 2100 之间的年度")
        }
        tidy.name = check.text(plan.name, "plan.name", "计划名称", required: true, longest: 100)
        tidy.committeeID = check.text(
            plan.committeeID, "plan.committee_id", "评委会编号", required: true, longest: 64)
        tidy.committeeName = check.text(
            plan.committeeName, "plan.committee_name", "评委会", required: true, longest: 100)
        tidy.kind = check.text(plan.kind, "plan.kind", "计划类型", required: false, longest: 50)
        tidy.region = check.text(plan.region, "plan.region", "属地", required: false, longest: 6)
        if !tidy.region.isEmpty, Region(code: tidy.region) == nil {
            check.fault("plan.region", "属地", "没有这个行政区划代码")
        }
        if plan.levels.isEmpty {
            check.fault("plan.levels", "评审级别", "至少选择一个级别")
        } else if Set(plan.levels).count != plan.levels.count
            || !TitleLevel.planNames.isSuperset(of: plan.levels)
        {
            check.fault("plan.levels", "评审级别", "应为正高级、副高级、中级、初级、助理级、员级，每个最多一次")
        }
        let series = Set(CodeTable.titleSeries.items.map(\.label))
        if Set(plan.series).count != plan.series.count || !series.isSuperset(of: plan.series) {
            check.fault("plan.series", "职称系列", "应为职称系列的名称，每个最多一次")
        }
        checkDays(&tidy, &check)
        try check.finish()
        return tidy
    }

    private static func checkDays(_ plan: inout Declaration.Plan, _ check: inout FormCheck) {
        func day(_ text: String, _ field: String, _ label: String) -> String {
            let tidy = check.day(text, field, label)
            if tidy.isEmpty { check.fault(field, label, "不能为空") }
            return tidy
        }
        plan.openDay = day(plan.openDay, "plan.open_day", "申报开始日期")
        plan.closeDay = day(plan.closeDay, "plan.close_day", "申报截止日期")
        if let open = FormCheck.civilDay(plan.openDay),
            let close = FormCheck.civilDay(plan.closeDay), close < open
        {
            check.fault("plan.close_day", "申报截止日期", "不能早于开始日期")
        }
    }
}

extension Declaration.Plan {
    /// Whether declarations are taken on that day; the first and the last day count.
    func isOpen(on day: CivilDay) -> Bool {
        guard let open = FormCheck.civilDay(openDay), let close = FormCheck.civilDay(closeDay)
        else { return false }
        return open <= day && day <= close
    }
}
