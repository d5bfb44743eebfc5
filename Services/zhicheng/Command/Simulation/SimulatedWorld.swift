import Domain
import ZhichengClient

/// The units and persons of a scenario, and what is to become of them. None of them exists.
struct SimulatedWorld: Sendable {
    let scenario: Scenario
    /// Who declares, by the person's number: to which plan, and how far it goes.
    private let declarations: [Int: SimulatedDeclaration]

    init(_ scenario: Scenario) {
        self.scenario = scenario
        let wanted = scenario.plans * scenario.declarations
        var chance = Chance(seed: scenario.seed, "declarations")
        var approved: [Int] = []
        if wanted > 0 {
            approved = (0..<scenario.units * scenario.persons).filter {
                Self.registration($0, scenario) == .approved
            }
            approved.shuffle(using: &chance)
        }
        var declarations: [Int: SimulatedDeclaration] = [:]
        for (rank, number) in approved.prefix(wanted).enumerated() {
            declarations[number] = SimulatedDeclaration(
                plan: rank % scenario.plans, ending: scenario.flow.pick(&chance))
        }
        self.declarations = declarations
    }

    var seed: UInt64 { scenario.seed }

    /// Everybody who declares.
    var declarationCount: Int { declarations.count }

    func hasEnding(_ isWanted: (Ending) -> Bool) -> Bool {
        declarations.values.contains { isWanted($0.ending) }
    }

    // MARK: units

    /// - Parameter number: from 0.
    func unit(_ number: Int) -> SimulatedUnit {
        var chance = Chance(seed: seed, "u\(number)")
        let regions = Region.province.children.flatMap(\.children).filter(\.isSelectable)
        let region = chance.pick(regions)
        let (nature, department, kinds) = chance.pick(Self.natures)
        return SimulatedUnit(
            number: number, account: "\(prefix)-u\(SimulatedNumbers.padded(number, 5))",
            name: "\(region.name)演示第\(number + 1)\(chance.pick(kinds))",
            uscc: SimulatedNumbers.uscc(number, seed: seed, department: department),
            region: region, nature: nature,
            officer: staff(number * 2, &chance),
            // The second officer is the reviewer.
            reviewer: chance.happens(0.4) ? staff(number * 2 + 1, &chance) : nil)
    }

    private static let natures: [(nature: String, department: String, kinds: [String])] = [
        ("20", "12", ["中学", "小学", "医院", "研究所", "文化馆", "职业学校"]),
        ("20", "12", ["中学", "小学", "幼儿园", "农技站", "图书馆", "卫生院"]),
        ("30", "91", ["建设集团", "水务公司"]),
        ("32", "91", ["科技有限公司", "设计院有限公司", "电子有限公司"]),
    ]

    /// Begins the name of every account of this seed.
    var prefix: String { "s\(seed)" }

    // MARK: persons

    /// The persons of a unit; the first unit's further ones come last.
    func persons(of unit: Int) -> [SimulatedPerson] {
        let first = unit * scenario.persons
        let own = (0..<scenario.persons).map { person(first + $0, unit, $0) }
        guard unit == 0 else { return own }
        let further = (scenario.pending + scenario.items - 1) / scenario.items
        return own
            + (0..<further).map { index in
                person(
                    scenario.units * scenario.persons + index, 0, scenario.persons + index,
                    onlyWaits: true)
            }
    }

    private func person(
        _ number: Int, _ unit: Int, _ index: Int, onlyWaits: Bool = false
    ) -> SimulatedPerson {
        let account =
            "\(prefix)-u\(SimulatedNumbers.padded(unit, 5))"
            + "-p\(SimulatedNumbers.padded(index, 4))"
        var chance = Chance(seed: seed, account)
        return SimulatedPerson(
            number: number,
            person: someone(Self.staffNumbers + number, account: account, &chance),
            registration: onlyWaits ? .approved : Self.registration(number, scenario),
            declaration: declarations[number], onlyWaits: onlyWaits)
    }

    private static func registration(
        _ number: Int, _ scenario: Scenario
    ) -> SimulatedPerson.Registration {
        var chance = Chance(seed: scenario.seed, "registration/\(number)")
        if chance.happens(scenario.registered) { return .approved }
        return chance.happens(0.5) ? .returned : .waits
    }

    // MARK: names

    /// Numbers of officers and of the other parties come first.
    private static let staffNumbers = 2 * Scenario.Limits.units + 1_000

    /// Somebody who works for a unit or another party.
    /// - Parameter number: from 0.
    private func staff(_ number: Int, _ chance: inout Chance) -> Cast.Person {
        someone(number, account: "", &chance)
    }

    /// Who signs in for a party that is no unit.
    func partyOfficer(_ number: Int, account: String) -> Cast.Person {
        var chance = Chance(seed: seed, account)
        return someone(2 * Scenario.Limits.units + number, account: account, &chance)
    }

    private func someone(
        _ number: Int, account: String, _ chance: inout Chance
    ) -> Cast.Person {
        let sex: Sex = chance.happens(0.5) ? .female : .male
        let first = chance.pick(Self.given[sex] ?? [])
        let second = chance.happens(0.7) ? chance.pick(Self.given[sex] ?? []) : ""
        return Cast.Person(
            account: account, name: chance.pick(Self.surnames) + first + second, sex: sex.label,
            idNumber: SimulatedNumbers.idNumber(number, seed: seed, sex: sex),
            phone: SimulatedNumbers.mobile(number),
            politicalStatus: chance.pick(["群众", "中共党员", "共青团员", "民盟盟员", "无党派人士"]),
            email: "\(prefix)-\(number)@example.com")
    }

    private static let surnames =
        "陈林黄张吴李郑王刘苏蔡杨许谢邱叶曾赖江何朱周徐方洪庄余卢高马".map(String.init)
        + ["欧阳", "上官"]
    private static let given: [Sex: [String]] = [
        .male: "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林".map(String.init),
        .female: "芳娜敏静丽艳秀娟霞燕玲桂英华慧巧美云莲真环雪荣爱妹香月莺媛瑞".map(String.init),
    ]
}

/// A unit with its officers.
struct SimulatedUnit: Sendable {
    let number: Int
    /// Of the officer who signs in first.
    let account: String
    let name: String
    let uscc: String
    let region: Region
    let nature: String
    let officer: Cast.Person
    /// The second officer; a unit may have one only.
    let reviewer: Cast.Person?

    var isPublicInstitution: Bool { nature == "20" }
    var reviewerAccount: String { account + "b" }

    var details: Identity.UnitDetails {
        Identity.UnitDetails(
            legalRepresentativePhone: "0591-8765\(SimulatedNumbers.padded(number % 10_000, 4))",
            address: "\(region.label.replacing("-", with: ""))演示路 \(number + 1) 号",
            contactName: officer.name, contactPhone: officer.phone, nature: nature,
            email: "\(account)@example.com", region: region.code)
    }
}

/// An applicant, and what is to become of what they file.
struct SimulatedPerson: Sendable {
    /// Over all units.
    let number: Int
    let person: Cast.Person
    let registration: Registration
    /// Nil for somebody who does not declare.
    let declaration: SimulatedDeclaration?
    /// Nothing that they file is decided.
    let onlyWaits: Bool

    enum Registration: Sendable, Hashable {
        case approved, returned, waits
    }
}

/// A declaration that somebody makes.
struct SimulatedDeclaration: Sendable, Hashable {
    /// From 0; what is to lapse goes to a plan that closes early.
    let plan: Int
    let ending: Ending
}
