import ZhichengClient

// 五、人员注册审核, and what the HR department publishes before.

extension Day {
    /// The HR department publishes the year's plans and news.
    func publishPlans() async throws -> Plans {
        stage.chapter("人社部门发布评审计划")
        let department = try await administrator.open(
            Identity.CreateAccountRequest(
                account: Cast.department.account, role: .hrDepartment, name: Cast.department.name,
                region: Cast.department.region), for: users
        ).client
        let engineering = try await department.declaration.publishPlan(
            Declaration.PublishPlanRequest(plan: Cast.engineeringPlan))
        let teaching = try await department.declaration.publishPlan(
            Declaration.PublishPlanRequest(plan: Cast.teacherPlan))
        let news = try await department.tasks.publishNews(Cast.news)
        try stage.hold(
            !engineering.id.isEmpty && !teaching.id.isEmpty && !news.id.isEmpty,
            "\(Cast.department.name) 发布了两个评审计划和一条最新职称信息")
        return Plans(engineering: engineering, teaching: teaching)
    }

    /// Applicants register with their units; the units decide in the task centre.
    func registerPeople(_ yizhong: Office, _ school: Office) async throws -> People {
        stage.chapter("五、人员注册审核")
        let jiaojiao1 = try await administrator.openApplicant(Cast.jiaojiao1, for: users)
        let jiaojiao2 = try await administrator.openApplicant(Cast.jiaojiao2, for: users)
        let yaojiao2 = try await administrator.openApplicant(Cast.yaojiao2, for: users)
        let teacher = try await administrator.openApplicant(Cast.schoolTeacher, for: users)
        try await stage.faults("人员注册", ["性别", "手机号", "政治面貌", "邮箱"]) {
            var form = Cast.jiaojiao1.registration(unit: yizhong.unitID)
            form.sex = "男"
            form.phone = "135"
            form.politicalStatus = "无"
            form.email = "qq"
            _ = try await jiaojiao1.client.identity.registerPerson(form)
        }
        for (person, applicant) in [
            (Cast.jiaojiao1, jiaojiao1), (Cast.jiaojiao2, jiaojiao2), (Cast.yaojiao2, yaojiao2),
        ] {
            _ = try await applicant.client.register(person, unit: yizhong.unitID)
        }
        let own = try await teacher.client.register(Cast.schoolTeacher, unit: school.unitID)
        let draft = try await jiaojiao1.client.archive.saveItem(
            Archive.SaveItemRequest(
                kind: "work_history", values: CastItems.formValues(CastItems.workHistory)))
        _ = try await stage.refuses("注册通过之前不能提交业绩", with: [.failedPrecondition]) {
            _ = try await jiaojiao1.client.archive.submitItem(
                Archive.SubmitItemRequest(id: draft.id, expectedVersion: draft.version))
        }
        try await reviewRegistrations(yizhong)
        let verdict = try await school.client.decide(
            on: own.id, .approved, opinion: "本单位在职人员")
        try stage.hold(verdict.node == "审核通过", "\(Cast.school.name) 通过 \(Cast.schoolTeacher.name)")
        return People(
            jiaojiao1: jiaojiao1, jiaojiao2: jiaojiao2, yaojiao2: yaojiao2, teacher: teacher,
            draft: draft)
    }

    private func reviewRegistrations(_ office: Office) async throws {
        let identity = office.client.identity
        let before = try await identity.listRegistrations(Identity.ListRegistrationsRequest())
        stage.screen("5-1", "人员注册审核", Table(registrations: before.registrations))
        try stage.hold(
            before.total == 3 && before.registrations.allSatisfy { $0.state == .reviewing },
            "三人审核中；其他单位的注册不在列表中")
        try stage.hold(
            before.registrations.allSatisfy {
                $0.idNumberMasked.contains("*") && $0.phoneMasked.contains("*")
            }, "证件号码和手机号已脱敏")
        let byName = try await identity.listRegistrations(
            Identity.ListRegistrationsRequest(search: "姣姣"))
        let byNumber = try await identity.listRegistrations(
            Identity.ListRegistrationsRequest(search: Cast.yaojiao2.idNumber))
        try stage.hold(
            byName.total == 2 && byNumber.registrations.map(\.name) == [Cast.yaojiao2.name],
            "按姓名查到 2 人，按身份证号码查到 1 人")
        for registration in before.registrations {
            let verdict = try await office.client.decide(
                on: registration.id, .approved, opinion: "本单位在职人员")
            try stage.hold(verdict.node == "审核通过", "在任务中心通过 \(registration.name)")
        }
        let after = try await identity.listRegistrations(Identity.ListRegistrationsRequest())
        stage.screen("5-1", "人员注册审核", Table(registrations: after.registrations))
        try stage.hold(
            after.registrations.allSatisfy { $0.state == .approved && $0.stateLabel == "审核通过" },
            "三人审核通过")
    }
}

extension Verdict {
    /// Where the object is after a decision; nil when it was refused.
    var node: String? {
        if case .done(let reply) = self { reply.node } else { nil }
    }
}

extension Table {
    /// Screen 5-1.
    /// - Parameter former: with when they left.
    init(registrations: [Identity.Registration], former: Bool = false) {
        self.init(
            ["序号", "姓名", "性别", "证件号码", "手机号", "政治面貌", "邮箱", "注册时间", "审核状态"]
                + (former ? ["调出时间"] : []),
            rows: registrations.enumerated().map { index, person in
                [
                    "\(index + 1)", person.name, person.sex, person.idNumberMasked,
                    person.phoneMasked, person.politicalStatus, person.email,
                    day(person.registeredMs), person.stateLabel,
                ] + (former ? [day(person.leftMs)] : [])
            })
    }
}
