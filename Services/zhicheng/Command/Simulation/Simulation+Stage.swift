import Domain
import ZhichengClient

// HR department, plans, and the other parties' accounts.

extension Simulation {
    /// Working days until everything is decided that takes its time: a notice of five, a correction of ten.
    private static let workingDays = 12
    /// How long plans are open, in days; the last one is open for a few only.
    private static let openDays = (most: 280, last: 4)

    /// The plans, and the platform's time.
    func setStage() async throws -> (Stage, now: Timestamp) {
        let now = Timestamp(
            milliseconds: try await administrator.development(of: .identity).advanceClock(
                Development.AdvanceClockRequest()
            ).nowMs)
        let (department, isResumed) = try await enterDepartment()
        var plans: [Declaration.Plan] = []
        for number in 0...world.scenario.plans {
            plans.append(try await plan(number, department, today: CivilDay(now)))
        }
        guard let first = plans.first, let opened = try? CivilDay(first.openDay) else {
            preconditionFailure("a published plan has a first day")
        }
        _ = try await department.tasks.publishNews(
            Tasks.PublishNewsRequest(
                title: "\(first.year) 年度职称申报工作开始（模拟数据 \(world.seed)）",
                body: "本平台的单位、人员和材料均为模拟数据。"), options: step("news"))
        let later = try WorkingDays.day(after: opened, workingDays: Self.workingDays)
        return (Stage(plans: plans, later: later, isResumed: isResumed), now)
    }

    /// The HR department, and whether it was there already.
    private func enterDepartment() async throws -> (PlatformClient, wasThere: Bool) {
        let account = "\(world.prefix)-renshe"
        do {
            let made = try await administrator.identity.createAccount(
                Identity.CreateAccountRequest(
                    account: account, role: .hrDepartment, name: "福建省演示人力资源部门",
                    region: Region.province.code))
            let first = try await users.firstSignIn(account, initialPassword: made.initialPassword)
            return (first.client, false)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            return (try await again(account).client, true)
        }
    }

    /// The plan as a run before published it, or a new one.
    private func plan(
        _ number: Int, _ department: PlatformClient, today: CivilDay
    ) async throws -> Declaration.Plan {
        let isLast = number == world.scenario.plans
        let series = Self.series(number)
        let year = Int32("\(today)".prefix(4)) ?? Cast.year
        let name =
            "\(year)年—\(series.name)系列\(isLast ? "第二批" : "")评审委员会"
            + "（模拟 \(world.seed)-\(number + 1)）"
        let found = try await department.declaration.listPlans(
            Declaration.ListPlansRequest(name: "（模拟 \(world.seed)-\(number + 1)）"))
        if let plan = found.plans.first { return plan }
        let days = isLast ? Self.openDays.last : Self.openDays.most
        return try await department.declaration.publishPlan(
            Declaration.PublishPlanRequest(
                plan: Declaration.Plan(
                    year: year, name: name, committeeID: committee(number),
                    committeeName: "\(series.name)系列演示评审委员会", levels: Self.levels,
                    series: [series.name], kind: "常规评审", openDay: "\(today)",
                    closeDay: "\(today.adding(days: days))", region: Region.province.code)))
    }

    /// Of a plan.
    static func series(_ number: Int) -> TitleSeries {
        let all = TitleSeries.all.filter { !$0.titles(level: "3").isEmpty }
        return all[number % all.count]
    }

    private static let levels = ["副高级", "中级", "助理级"]

    /// What somebody declares to a plan.
    func application(_ person: SimulatedPerson, plan: Int) -> Declaration.Application {
        var chance = Chance(seed: world.seed, "\(person.person.account)/application")
        let series = Self.series(plan)
        let (code, level) = chance.pick(
            [("2", "副高级"), ("3", "中级"), ("3", "中级"), ("4", "助理级")].filter {
                !series.titles(level: $0.0).isEmpty
            })
        let years = chance.number(3...25)
        return Declaration.Application(
            title: chance.pick(series.titles(level: code)), level: level,
            specialty: chance.pick(["教育学", "工程力学", "计算机应用", "临床医学", "园艺"]), form: "常规申报",
            series: series.name, interview: chance.happens(0.3), commonName: "无",
            birthplace: "福建", nation: "汉族", wageGrade: "\(chance.number(1...10))",
            specialtyYears: "\(years)年", workStartDay: "\(2_021 - years)-07-01",
            workYears: "\(years)年", health: "健康")
    }

    // MARK: the other parties

    func committee(_ plan: Int) -> String { "\(world.prefix)-committee-\(plan + 1)" }

    /// The committee of a plan.
    func enterCommittee(_ plan: Int) async throws -> PlatformClient {
        try await party(
            plan,
            Identity.CreateAccountRequest(
                account: "\(world.prefix)-pingwei-\(plan + 1)", role: .committee,
                name: "\(Self.series(plan).name)系列演示评审委员会", committeeID: committee(plan)))
    }

    /// The superiors of a city.
    func enterSuperior(_ city: Region, _ number: Int) async throws -> PlatformClient {
        try await party(
            Scenario.Limits.plans + 1 + number,
            Identity.CreateAccountRequest(
                account: "\(world.prefix)-zhuguan-\(city.code)", role: .superior,
                name: "\(city.name)演示主管部门", region: city.code))
    }

    /// - Parameter number: of the person who signs in for it.
    private func party(
        _ number: Int, _ request: Identity.CreateAccountRequest
    ) async throws -> PlatformClient {
        let client = try await enter(request).client
        let officer = world.partyOfficer(number, account: request.account)
        _ = try await client.identity.recordOfficer(
            Identity.RecordOfficerRequest(name: officer.name, idNumber: officer.idNumber))
        return client
    }
}
