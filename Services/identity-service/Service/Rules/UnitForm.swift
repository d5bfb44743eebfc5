import Domain
import Messages
import ServiceRuntime

/// 完善单位详细信息 and 完善单位信息 after their check: values tidied, phones taken out.
struct UnitForm: Sendable, Hashable {
    /// Everything but the two phones.
    var details: Identity.UnitDetails
    /// In clear: to be sealed before anything is stored.
    let legalRepresentativePhone: String
    let contactPhone: String

    /// Checks every field of screen 1-4 and the further ones of screen 7-1; faults go into `check`.
    init(_ given: Identity.UnitDetails, _ check: inout FormCheck) {
        func field(_ name: String) -> String { "details.\(name)" }
        legalRepresentativePhone = check.telephone(
            given.legalRepresentativePhone, field("legal_representative_phone"), "法定代表人电话")
        var details = Identity.UnitDetails()
        details.address = check.text(
            given.address, field("address"), "单位通讯地址", required: true, longest: 200)
        details.contactName = check.text(
            given.contactName, field("contact_name"), "单位联系人", required: true, longest: 50)
        contactPhone = check.mobile(given.contactPhone, field("contact_phone"), "手机号码")
        details.nature = check.text(
            given.nature, field("nature"), "单位性质", required: true, longest: 10)
        if !details.nature.isEmpty, CodeTable.unitNature.label(details.nature) == nil {
            check.fault(field("nature"), "单位性质", "请从列表中选择")
        }
        details.email = check.email(given.email, field("email"), "电子邮箱", required: true)
        details.region = check.text(
            given.region, field("region"), "属地", required: true, longest: 10)
        if !details.region.isEmpty, Region(code: details.region)?.isSelectable != true {
            check.fault(field("region"), "属地", "请从福建省、设区市、县（市、区）中选择")
        }
        details.fax = check.telephone(given.fax, field("fax"), "传真号码", required: false)
        func optional(_ value: String, _ name: String, _ label: String) -> String {
            check.text(value, field(name), label, required: false, longest: 100)
        }
        details.industryCode = optional(given.industryCode, "industry_code", "行业代码")
        details.status = optional(given.status, "status", "单位状态")
        details.economicType = optional(given.economicType, "economic_type", "经济类型")
        details.taxNumber = optional(given.taxNumber, "tax_number", "税号")
        details.licenseKind = optional(given.licenseKind, "license_kind", "工商登记执照种类")
        details.licenseNumber = optional(given.licenseNumber, "license_number", "工商登记执照号码")
        details.licenseDay = check.day(given.licenseDay, field("license_day"), "工商登记发照日期")
        details.licenseYears = optional(given.licenseYears, "license_years", "工商登记有效期限(年)")
        if !details.licenseYears.isEmpty,
            !(1...999).contains(Int(details.licenseYears) ?? 0)
        {
            check.fault(field("license_years"), "工商登记有效期限(年)", "应为 1 至 999 的整数")
        }
        details.approvalNumber = optional(given.approvalNumber, "approval_number", "批准文号")
        details.approvalDay = check.day(given.approvalDay, field("approval_day"), "批准日期")
        details.approvingBody = optional(given.approvingBody, "approving_body", "批准成立单位")
        self.details = details
    }

    /// The form with its phones, as it travels to the unit's own officers.
    var message: Identity.UnitDetails {
        var message = details
        message.legalRepresentativePhone = legalRepresentativePhone
        message.contactPhone = contactPhone
        return message
    }
}

/// A checked form whose phones are sealed for the unit's row.
struct SealedUnitForm: Sendable, Hashable {
    let details: Identity.UnitDetails
    let legalRepresentativePhone: [UInt8]
    let contactPhone: [UInt8]
    /// For the audit, without personal data in clear.
    let audited: [AuditedValue]
}
