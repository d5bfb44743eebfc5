import Domain
import Messages
import ServiceRuntime
import Storage

/// What an operator or an HR department filled in for an account, checked by the rules of its role.
struct AccountInput: Sendable, Hashable {
    let account: String
    let kind: PersonKind
    let name: String
    let region: String
    let committeeID: String
    let idNumber: String?
    let phone: String?
    let unitID: String?

    /// - Throws: a refusal that names every fault, or that the authority may not make such an account.
    init(
        _ request: Identity.CreateAccountRequest, today: CivilDay, authority: AccountAuthority
    ) throws(Refusal) {
        var check = FormCheck()
        let account = check.account(request.account)
        guard let kind = PersonKind(request.role) else {
            check.fault("role", "角色", "请选择角色")
            throw .invalid(check.faults)
        }
        let needsName = kind != .officer
        let name = check.text(request.name, "name", "姓名", required: needsName, longest: 50)
        var region = ""
        var committeeID = ""
        var idNumber: String?
        var phone: String?
        var unitID: String?
        switch kind {
        case .hrDepartment, .superior:
            region = check.text(request.region, "region", "属地", required: true, longest: 10)
            if !region.isEmpty, Region(code: region)?.isSelectable != true {
                check.fault("region", "属地", "请从福建省、设区市、县（市、区）中选择")
            }
        case .committee:
            committeeID = check.text(
                request.committeeID, "committee_id", "评委会", required: true, longest: 64)
        case .applicant:
            phone = check.mobile(request.phone, "phone", "手机号")
        case .officer:
            var named = request.unitID
            if case .unit(let own) = authority.scope, named.isEmpty { named = own }
            unitID = check.text(named, "unit_id", "用人单位", required: true, longest: 64)
        }
        if kind == .applicant || !request.idNumber.isEmpty {
            idNumber = check.idNumber(request.idNumber, "id_number", "身份证号码", today: today)
            if kind == .officer, name.isEmpty { check.fault("name", "姓名", "登记身份证号码时不能为空") }
        }
        try check.finish()
        try Self.authorise(kind, region: region, authority)
        self.account = account
        self.kind = kind
        self.name = name
        self.region = region
        self.committeeID = committeeID
        self.idNumber = idNumber
        self.phone = phone
        self.unitID = unitID
    }

    /// A unit makes accounts of its officers; HR departments those of officers, applicants and superiors of their
    /// region; the rest is the operator's.
    private static func authorise(
        _ kind: PersonKind, region: String, _ authority: AccountAuthority
    ) throws(Refusal) {
        switch (authority.scope, kind) {
        // Officers by their unit, and applicants by where they are registered: `CreateAccount` knows that.
        case (.everywhere, _), (_, .officer), (.region, .applicant): break
        case (.unit, _): throw .denied("单位管理员只能创建本单位经办人的账号")
        case (.region, .superior):
            guard authority.covers(region: region) else { throw .denied("属地不在本部门管辖范围内") }
        case (.region, _): throw .denied("该类账号由系统运维人员创建")
        }
    }
}

extension FormCheck {
    /// 4 to 40 letters, digits, "-", "_"; kept in lower case.
    mutating func account(_ value: String) -> String {
        let tidy = text(value, "account", "账号", required: true, longest: 40).lowercased()
        let isFit = tidy.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "_")
        }
        if !tidy.isEmpty, tidy.count < 4 || !isFit {
            fault("account", "账号", "应为 4 至 40 个字母、数字、“-”或“_”")
        }
        return tidy
    }

    /// A resident's ID number (GB 11643), upper case.
    mutating func idNumber(
        _ value: String, _ field: String, _ label: String, today: CivilDay
    ) -> String {
        let tidy = text(value, field, label, required: true, longest: 18).uppercased()
        guard !tidy.isEmpty else { return tidy }
        do throws(ValueFault) {
            _ = try IDNumber(tidy, today: today)
        } catch {
            fault(field, label, error.message)
        }
        return tidy
    }

    /// A unified social credit code (GB 32100), upper case, or "".
    mutating func uscc(_ value: String, _ field: String, _ label: String) -> String {
        let tidy = text(value, field, label, required: false, longest: 18).uppercased()
        guard !tidy.isEmpty else { return tidy }
        do throws(ValueFault) {
            _ = try USCC(tidy)
        } catch {
            fault(field, label, error.message)
        }
        return tidy
    }
}
