import Domain
import Messages
import ServiceRuntime

/// What a person filled in to register, checked and tidied, with the numbers in clear: to be sealed
/// before anything is stored.
struct RegistrationInput: Sendable, Hashable {
    let name: String
    let sex: String
    let document: IDDocument
    let idNumber: String
    let phone: String
    let birthDay: String
    let politicalStatus: String
    let email: String

    /// Checks every field; nil when `check` has gathered a fault.
    init?(_ request: Identity.RegisterPersonRequest, today: CivilDay, _ check: inout FormCheck) {
        let name = check.text(request.name, "name", "姓名", required: true, longest: 50)
        let sex = check.text(request.sex, "sex", "性别", required: true, longest: 1)
        if !sex.isEmpty, sex != "男", sex != "女" { check.fault("sex", "性别", "应为男或女") }
        let code = check.text(
            request.idDocument, "id_document", "证件类型", required: true, longest: 10)
        let document = IDDocument(code: code)
        if !code.isEmpty, document == nil { check.fault("id_document", "证件类型", "请从列表中选择") }
        let number = check.text(request.idNumber, "id_number", "证件号码", required: true, longest: 30)
            .uppercased()
        var birthDay = ""
        if let document, !number.isEmpty {
            switch document.verdict(number, today: today) {
            case .wrong(let why): check.fault("id_number", "证件号码", why)
            case .unreadable: break
            case .says(let numberSex, let day):
                birthDay = day
                if sex == "男" || sex == "女", sex != numberSex {
                    check.fault("sex", "性别", "与证件号码不一致")
                }
            }
        }
        let phone = check.mobile(request.phone, "phone", "手机号")
        let politicalStatus = check.text(
            request.politicalStatus, "political_status", "政治面貌", required: true, longest: 20)
        if !politicalStatus.isEmpty, CodeTable.politicalStatus.code(politicalStatus) == nil {
            check.fault("political_status", "政治面貌", "请从列表中选择")
        }
        let email = check.email(request.email, "email", "邮箱", required: true)
        guard check.faults.isEmpty, let document else { return nil }
        self.name = name
        self.sex = sex
        self.document = document
        idNumber = number
        self.phone = phone
        self.birthDay = birthDay
        self.politicalStatus = politicalStatus
        self.email = email
    }
}
