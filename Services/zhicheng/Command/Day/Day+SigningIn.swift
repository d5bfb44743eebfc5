import ZhichengClient

// 一、注册登录

extension Day {
    /// 单位登录 through 闽政通, and 完善单位详细信息 at the first login.
    func signInThroughProvider() async throws -> Office {
        stage.chapter("一、注册登录: 单位登录（闽政通）")
        let login = try await SSOLogin.signIn(users, within: .seconds(10)) { address in
            try await SSOLogin.fillIn(
                address, account: Cast.yizhong.account, password: Cast.yizhong.password)
        }
        let officer = users.signedIn(login.reply.session)
        let user = login.reply.user ?? Identity.Session()
        try stage.hold(user.mustSubmitUnit, "闽政通登录成功，首次登录须完善单位详细信息")
        _ = try await stage.refuses("同一张登录票据不能再用", with: [.unauthenticated]) {
            _ = try await users.identity.completeLogin(login.used)
        }
        let code = try await SSOLogin.signIn(users, by: .oidc, within: .seconds(10)) { address in
            try await SSOLogin.fillIn(
                address, account: Cast.yizhong.account, password: Cast.yizhong.password)
        }
        try stage.hold(
            code.reply.user?.personID == user.personID
                && code.reply.user?.unit?.id == user.unit?.id,
            "经授权码方式（OAuth2/OIDC, PKCE）登录的是同一经办人、同一单位")
        _ = try await stage.refuses("同一个授权码不能再用", with: [.unauthenticated]) {
            _ = try await users.identity.completeLogin(code.used)
        }
        _ = try await stage.refuses("提交之前不能进入系统", with: [.failedPrecondition]) {
            _ = try await officer.tasks.home(Tasks.HomeRequest())
        }
        let basics = try await officer.identity.getUnit(Identity.GetUnitRequest())
        let summary = basics.summary ?? Identity.UnitSummary()
        stage.screen(
            "1-4", "单位注册 基础信息（只读）",
            Table(
                ["项目", "内容"],
                rows: [
                    ["单位名称", summary.name], ["统一社会信用代码", summary.uscc],
                    ["法定代表人姓名", basics.legalRepresentativeName],
                    ["法定代表人身份证号码", basics.legalRepresentativeIDMasked],
                ]))
        try stage.hold(
            summary.name == Cast.yizhong.name && summary.uscc == Cast.yizhong.account,
            "基础信息由闽政通带入")
        try stage.hold(
            basics.legalRepresentativeIDMasked.contains("*"), "法定代表人身份证号码已脱敏")
        try await submitUnit(officer)
        return Office(client: officer, unitID: summary.id)
    }

    private func submitUnit(_ officer: PlatformClient) async throws {
        try await stage.faults(
            "完善单位详细信息",
            ["法定代表人电话", "单位通讯地址", "单位联系人", "手机号码", "单位性质", "电子邮箱", "属地"]
        ) {
            _ = try await officer.identity.submitUnit(
                Identity.SubmitUnitRequest(
                    details: Identity.UnitDetails(
                        legalRepresentativePhone: "12345", contactPhone: "139", email: "123",
                        region: "999999")))
        }
        let unit = try await officer.identity.submitUnit(
            Identity.SubmitUnitRequest(details: Cast.yizhongDetails))
        let summary = unit.summary ?? Identity.UnitSummary()
        let details = unit.details ?? Identity.UnitDetails()
        stage.screen(
            "7-1", "单位信息",
            Table(
                ["项目", "内容"],
                rows: [
                    ["单位名称", "\(summary.name) \(summary.administrativeLevel)"],
                    ["统一社会信用代码", summary.uscc], ["单位性质", summary.natureLabel],
                    ["单位联系人", details.contactName], ["手机号码", details.contactPhone],
                    ["电子邮箱", details.email], ["单位通讯地址", details.address],
                    ["属地", summary.regionLabel],
                ]))
        try stage.hold(unit.state == "active", "提交后单位即启用，无需审核")
        try stage.hold(
            summary.administrativeLevel == "市级" && summary.regionLabel == "福建省-福州市"
                && summary.natureLabel == "事业单位", "市级事业单位，属地 福建省-福州市")
        let session = try await officer.identity.getSession(Identity.GetSessionRequest())
        stage.say(session.greeting)
        try stage.hold(!session.mustSubmitUnit, "进入系统")
    }

    /// 内置单位登录 of a unit without a code, with the forced change of the initial password.
    func signInWithBuiltInAccount() async throws -> Office {
        stage.chapter("一、注册登录: 内置单位登录")
        let made = try await administrator.identity.createBuiltInUnit(
            Identity.CreateBuiltInUnitRequest(
                account: Cast.school.account, name: Cast.school.name,
                details: Cast.schoolDetails))
        stage.say("运维人员为 \(Cast.school.name) 内置账号 \(Cast.school.account)，初始密码只显示一次")
        _ = try await stage.refuses("密码错误不能登录", with: [.unauthenticated]) {
            _ = try await users.signIn(Cast.school.account, "Cuowu-2022")
        }
        let officer = try await users.signIn(Cast.school.account, made.initialPassword).client
        _ = try await stage.refuses("首次登录须先修改初始密码", with: [.failedPrecondition]) {
            _ = try await officer.tasks.home(Tasks.HomeRequest())
        }
        try await stage.faults("修改密码", ["新密码"]) {
            _ = try await officer.identity.changePassword(
                Identity.ChangePasswordRequest(
                    oldPassword: made.initialPassword, newPassword: "12345678"))
        }
        _ = try await officer.identity.changePassword(
            Identity.ChangePasswordRequest(
                oldPassword: made.initialPassword, newPassword: Cast.password))
        _ = try await stage.refuses("初始密码已失效", with: [.unauthenticated]) {
            _ = try await users.signIn(Cast.school.account, made.initialPassword)
        }
        let again = try await users.signIn(Cast.school.account, Cast.password).client
        _ = try await again.identity.recordOfficer(
            Identity.RecordOfficerRequest(
                name: Cast.schoolOfficer.name, idNumber: Cast.schoolOfficer.idNumber))
        let session = try await again.identity.getSession(Identity.GetSessionRequest())
        stage.say("\(session.greeting)，经办人 \(session.name)")
        try stage.hold(
            !session.mustChangePassword && !session.mustRecordOfficer
                && session.unit?.administrativeLevel == "县级",
            "用新密码登录，经办人已登记，县级单位")
        return Office(client: again, unitID: made.unitID)
    }
}
