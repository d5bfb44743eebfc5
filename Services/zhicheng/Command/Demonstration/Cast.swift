import ZhichengClient

/// The units and persons of the manual's screens. None of them exists: ID numbers are of county 350199, which is not
/// assigned (decision 10).
enum Cast {
    /// The password of every demonstration account after its first sign-in.
    static let password = "Yanshi-2022"
    /// The plan's year, and that of the approval records.
    static let year: Int32 = 2022

    /// Somebody with an account of this platform.
    struct Person: Sendable {
        let account: String
        let name: String
        let sex: String
        let idNumber: String
        let phone: String
        let politicalStatus: String
        let email: String
    }

    // MARK: units

    /// 福州市第一中学, as sso-simulator knows it.
    static let yizhong = (
        name: "福州市第一中学", account: "12350100488000011A", password: "Yizhong-2022"
    )
    static let yizhongDetails = Identity.UnitDetails(
        legalRepresentativePhone: "0591-87650001", address: "福州市鼓楼区演示路 1 号",
        contactName: "陈经办", contactPhone: "13900000001", nature: "20", email: "yizhong@example.com",
        region: "350100")
    /// Its second officer, who uses a password.
    static let yizhongReviewer = Person(
        account: "yizhong-shenhe", name: "林审核", sex: "男", idNumber: "350199198606069074",
        phone: "13900000021", politicalStatus: "群众", email: "shenhe@example.com")

    /// A unit without a code of its own: it signs in with a built-in account.
    static let school = (name: "福州演示实验小学", account: "shiyan-xiaoxue")
    static let schoolDetails = Identity.UnitDetails(
        legalRepresentativePhone: "0591-87650002", address: "福州市鼓楼区演示路 2 号",
        contactName: "周经办", contactPhone: "13900000022", nature: "20", email: "xiaoxue@example.com",
        region: "350102")
    static let schoolOfficer = (name: "周经办", idNumber: "350199198310109049")

    /// The HR department that publishes plans and news.
    static let department = (account: "fuzhou-renshe", name: "福州市人力资源和社会保障局", region: "350100")

    // MARK: applicants

    static let jiaojiao1 = Person(
        account: "jiaojiao1", name: "姣姣1", sex: "女", idNumber: "35019919900307002X",
        phone: "13900000011", politicalStatus: "群众", email: "jiaojiao1@example.com")
    static let jiaojiao2 = Person(
        account: "jiaojiao2", name: "姣姣2", sex: "女", idNumber: "350199198512311181",
        phone: "13900000012", politicalStatus: "中共党员", email: "jiaojiao2@example.com")
    static let yaojiao2 = Person(
        account: "yaojiao2", name: "姚姣2", sex: "男", idNumber: "350199198004120012",
        phone: "13900000013", politicalStatus: "群众", email: "yaojiao2@example.com")
    /// Of the school.
    static let schoolTeacher = Person(
        account: "xiaoxue-chen", name: "陈演示", sex: "男", idNumber: "350199200002290034",
        phone: "13900000014", politicalStatus: "共青团员", email: "chen@example.com")
    /// Has only just registered with 福州市第一中学.
    static let newcomer = Person(
        account: "yizhong-xin", name: "欧阳演示", sex: "女", idNumber: "350199199111119062",
        phone: "13900000015", politicalStatus: "群众", email: "ouyang@example.com")

    // MARK: plans and news

    static let engineeringPlan = Declaration.Plan(
        year: year, name: "2022年—福州市工程系列中级职称评审委员会", committeeID: "fuzhou-gongcheng",
        committeeName: "福州市工程系列中级职称评审委员会", levels: ["中级"], series: ["工程技术人员"],
        kind: "常规评审", openDay: "2022-04-10", closeDay: "2023-02-01", region: "350100")
    static let teacherPlan = Declaration.Plan(
        year: year, name: "2022年-福州中小学教师系列中级职称评审委员会", committeeID: "fuzhou-jiaoshi",
        committeeName: "福州市中小学教师中级职称评审委员会", levels: ["初级", "中级"], series: ["中小学教师"],
        kind: "常规评审", openDay: "2022-04-10", closeDay: "2023-02-01", region: "350100")
    static let news = Tasks.PublishNewsRequest(
        title: "2022 年度职称申报工作开始", body: "各单位请在 2023 年 2 月 1 日前完成审核和推荐。（演示数据）")

    /// What 姚姣2 declares (screen 4-2).
    static let engineer = Declaration.Application(
        title: "测试中级工程师", level: "中级", specialty: "工程力学", form: "常规申报", series: "工程技术人员",
        interview: true, commonName: "无", birthplace: "赣", nation: "蒙古族", wageGrade: "3",
        specialtyYears: "3年", workStartDay: "2016-04-12", workYears: "6年")

    /// Who may sign in after `dev` has made its data.
    static let signIns: [(who: String, account: String, password: String)] = [
        ("\(yizhong.name)（闽政通: sign-in --sso）", yizhong.account, yizhong.password),
        ("\(yizhong.name)，\(yizhongReviewer.name)", yizhongReviewer.account, password),
        ("\(school.name)，\(schoolOfficer.name)", school.account, password),
        (department.name, department.account, password),
        (
            "申报人 \(jiaojiao1.name)、\(jiaojiao2.name)、\(yaojiao2.name)",
            "jiaojiao1 jiaojiao2 yaojiao2", password
        ),
        ("申报人 \(schoolTeacher.name)（\(school.name)）", schoolTeacher.account, password),
    ]
}

/// What the manual's persons file (screens 3-2, 3-3, 6-2).
enum CastItems {
    typealias Values = [(key: String, value: String)]

    static let education: Values = [
        ("school", "福建大学"), ("start", "2009-12-01"), ("end", "2011-12-01"), ("major", "计算机"),
        ("mode", "全日制教育"), ("years", "2"), ("overseas", "否"), ("education", "大学本科"),
        ("cert_no", "8K142536987"), ("degree", "学士"), ("degree_date", "2011-12-01"),
    ]
    static let secondEducation: Values = [
        ("school", "测试"), ("start", "2018-03-27"), ("end", "2021-04-23"), ("major", "教育学"),
        ("mode", "非全日制教育"), ("years", "3"), ("overseas", "否"), ("education", "大学本科"),
    ]
    static let project: Values = [
        ("name", "远程教育服务规范"), ("start", "2019-04-10"), ("end", "2024-04-11"),
        ("amount", "200"), ("source", "福州市第一中学"), ("closed", "否"), ("level", "省部级"),
        ("headcount", "7"), ("role", "主持"), ("rank", "1"),
    ]
    /// What the project lacked when it was returned.
    static let projectCompletion: Values = [
        ("duty", "主持标准起草，组织专家论证。"), ("intro", "面向中小学的远程教育服务质量规范。"),
    ]
    static let workHistory: Values = [
        ("employer", "福州市第一中学"), ("start", "2016-04-12"), ("position", "教师"),
        ("profession", "工程力学"),
    ]
    static let schoolWorkHistory: Values = [
        ("employer", "福州演示实验小学"), ("start", "2021-09-01"), ("position", "教师"),
    ]
    static let continuingEducation: Values = [
        ("year", "2021"), ("course", "专业技术人员公需课"), ("category", "公需科目"), ("hours", "30"),
    ]

    static func formValues(_ values: Values) -> [Common.FormValue] {
        values.map { Common.FormValue(key: $0.key, value: $0.value) }
    }

    /// A small valid PDF of one empty page.
    /// - Parameter remark: ASCII, kept in the file: other remarks make other files.
    static func pdf(named name: String, showing remark: String = "") -> Common.FileUpload {
        let text = """
            %PDF-1.4
            1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
            2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
            3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
            trailer<</Root 1 0 R>>
            %%\(remark)
            %%EOF

            """
        return Common.FileUpload(fileName: name, content: Array(text.utf8))
    }
}
