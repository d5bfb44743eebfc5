import ZhichengClient

/// Makes the demonstration data of a new platform, through the same calls as everybody else.
///
/// Afterwards 福州市第一中学 has something of every kind waiting, and something decided.
struct Seed {
    /// The operator's client.
    let administrator: PlatformClient
    /// The client of people.
    let users: PlatformClient

    func run() async throws {
        let department = try await administrator.open(
            Identity.CreateAccountRequest(
                account: Cast.department.account, role: .hrDepartment, name: Cast.department.name,
                region: Cast.department.region), for: users)
        _ = try await department.client.tasks.publishNews(Cast.news)
        let plan = try await department.client.declaration.publishPlan(
            Declaration.PublishPlanRequest(plan: Cast.engineeringPlan))
        _ = try await department.client.declaration.publishPlan(
            Declaration.PublishPlanRequest(plan: Cast.teacherPlan))
        let (officer, unit) = try await yizhong()
        try await school()
        try await people(officer, unit, plan)
    }

    /// 福州市第一中学: signs in through 闽政通, files its details, gets a second officer and its record.
    private func yizhong() async throws -> (officer: PlatformClient, unit: String) {
        let login = try await SSOLogin.signIn(users, within: .seconds(10)) { address in
            try await SSOLogin.fillIn(
                address, account: Cast.yizhong.account, password: Cast.yizhong.password)
        }
        let officer = users.signedIn(login.reply.session)
        let unit = try await officer.identity.submitUnit(
            Identity.SubmitUnitRequest(details: Cast.yizhongDetails))
        let id = unit.summary?.id ?? ""
        let reviewer = Cast.yizhongReviewer
        _ = try await administrator.open(
            Identity.CreateAccountRequest(
                account: reviewer.account, role: .unitReviewer, name: reviewer.name,
                idNumber: reviewer.idNumber, unitID: id), for: users)
        _ = try await officer.confirmRecord(
            year: Cast.year, Quota.Vacancies.levels(0, 2, 1, nil))
        return (officer, id)
    }

    /// The school: a built-in account, a record without limits, a teacher who has declared nothing yet.
    private func school() async throws {
        let made = try await administrator.identity.createBuiltInUnit(
            Identity.CreateBuiltInUnitRequest(
                account: Cast.school.account, name: Cast.school.name,
                details: Cast.schoolDetails))
        let officer = try await users.firstSignIn(
            Cast.school.account, initialPassword: made.initialPassword
        ).client
        _ = try await officer.identity.recordOfficer(
            Identity.RecordOfficerRequest(
                name: Cast.schoolOfficer.name, idNumber: Cast.schoolOfficer.idNumber))
        _ = try await officer.confirmRecord(
            year: Cast.year, Quota.Vacancies.levels(nil, nil, nil, nil))
        let teacher = try await administrator.openApplicant(Cast.schoolTeacher, for: users)
        let registration = try await teacher.client.register(
            Cast.schoolTeacher, unit: made.unitID)
        _ = try await officer.decide(on: registration.id, .approved, opinion: "情况属实")
        let item = try await teacher.client.file(
            "work_history", CastItems.schoolWorkHistory, evidence: "聘用合同.pdf")
        _ = try await officer.decide(on: item.id, .approved, opinion: "情况属实")
    }

    /// The people of 福州市第一中学, what they filed, and one declaration.
    private func people(
        _ officer: PlatformClient, _ unit: String, _ plan: Declaration.Plan
    ) async throws {
        var applicants: [PlatformClient] = []
        for person in [Cast.jiaojiao1, Cast.jiaojiao2, Cast.yaojiao2] {
            let applicant = try await administrator.openApplicant(person, for: users).client
            let registration = try await applicant.register(person, unit: unit)
            _ = try await officer.decide(on: registration.id, .approved, opinion: "本单位在职人员")
            applicants.append(applicant)
        }
        let newcomer = try await administrator.openApplicant(Cast.newcomer, for: users).client
        _ = try await newcomer.register(Cast.newcomer, unit: unit)

        let filed = try await applicants[1].file(
            "education", CastItems.secondEducation, evidence: "毕业证书.pdf")
        _ = try await officer.decide(on: filed.id, .approved, opinion: "情况属实")
        for (kind, values) in [
            ("work_history", CastItems.workHistory),
            ("continuing_education", CastItems.continuingEducation),
        ] {
            let item = try await applicants[2].file(kind, values, evidence: "证明.pdf")
            _ = try await officer.decide(on: item.id, .approved, opinion: "情况属实")
        }
        _ = try await applicants[2].declare(plan, Cast.engineer)
        _ = try await applicants[0].file(
            "education", CastItems.education, evidence: "毕业证书.pdf")
        _ = try await applicants[0].file(
            "project", CastItems.project, evidence: "立项书.pdf")
    }
}
