/// A legal person as 闽政通 knows it. Demonstration data only.
package struct LegalPerson: Sendable, Hashable {
    /// What is typed as 法人账号: the unified social credit code.
    package let account: String
    package let password: String
    package let unit: Unit
    /// 经办人: who signs in for the unit.
    package let agent: Agent

    /// The employing unit.
    package struct Unit: Sendable, Hashable, Codable {
        package let name: String
        /// Unified social credit code, GB 32100.
        package let uscc: String
        package let legalRepresentativeName: String
        /// Valid by GB 11643 and not assigned: county 350199 does not exist.
        package let legalRepresentativeIDNumber: String

        enum CodingKeys: String, CodingKey {
            case name, uscc
            case legalRepresentativeName = "legal_representative_name"
            case legalRepresentativeIDNumber = "legal_representative_id_number"
        }
    }

    /// The person who acts for the unit.
    package struct Agent: Sendable, Hashable, Codable {
        /// The person's stable number at 闽政通.
        package let subject: String
        package let name: String
        package let idNumber: String
        package let phone: String

        enum CodingKeys: String, CodingKey {
            case subject, name, phone
            case idNumber = "id_number"
        }
    }
}

extension LegalPerson {
    /// The units that the simulator knows; neither units nor persons exist.
    package static let demonstration: [LegalPerson] = [
        LegalPerson(
            account: "12350100488000011A", password: "Yizhong-2022",
            unit: Unit(
                name: "福州市第一中学", uscc: "12350100488000011A", legalRepresentativeName: "林校长",
                legalRepresentativeIDNumber: "350199196801019030"),
            agent: Agent(
                subject: "mzt-agent-1", name: "陈经办", idNumber: "350199198106069043",
                phone: "13900000001")),
        LegalPerson(
            account: "91350100MA2XYU120Y", password: "Gongcheng-2022",
            unit: Unit(
                name: "福州演示工程有限公司", uscc: "91350100MA2XYU120Y", legalRepresentativeName: "黄董事",
                legalRepresentativeIDNumber: "350199197002159015"),
            agent: Agent(
                subject: "mzt-agent-2", name: "郑经办", idNumber: "350199197208209022",
                phone: "13900000002")),
        LegalPerson(
            account: "5235020050000012X2", password: "Xuexiao-2022",
            unit: Unit(
                name: "厦门演示职业培训学校", uscc: "5235020050000012X2", legalRepresentativeName: "吴校长",
                legalRepresentativeIDNumber: "35019919750910905X"),
            agent: Agent(
                subject: "mzt-agent-3", name: "王经办", idNumber: "350199198802299061",
                phone: "13900000003")),
    ]
}
