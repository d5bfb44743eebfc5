import Domain
import ZhichengClient

/// An archive item that somebody files.
struct SimulatedItem: Sendable, Hashable {
    let kind: String
    /// In the order of the kind's fields; every item of a kind has the same ones.
    let values: [Pair]
    /// Tells it from the person's other items of the kind.
    let mainName: String
    /// The name of the file that comes with it; nil for none.
    let evidence: String?
    let fate: Fate
    /// What the applicant wants once it is approved.
    let withdrawal: Withdrawal?

    struct Pair: Sendable, Hashable {
        let key: String
        let value: String
    }

    /// What the unit decides.
    enum Fate: Sendable, Hashable, CaseIterable {
        case approved, returned, terminated, waits
    }

    /// A request to have it back, and what the unit decides on that.
    enum Withdrawal: Sendable, Hashable, CaseIterable {
        case granted, refused, waits
    }
}

/// How many tasks of a kind a unit's people have made.
struct SimulatedTasks: Sendable, Hashable {
    var waiting = 0
    var decided = 0

    fileprivate mutating func add(waits: Bool) {
        if waits { waiting += 1 } else { decided += 1 }
    }
}

extension SimulatedWorld {
    /// The tasks of registrations, items and withdrawals once everything is decided that is to be, by kind.
    func tasks(of persons: [SimulatedPerson]) -> [String: SimulatedTasks] {
        var (registrations, items, withdrawals) = (
            SimulatedTasks(), SimulatedTasks(), SimulatedTasks()
        )
        for person in persons {
            registrations.add(waits: person.registration == .waits)
            guard person.registration == .approved else { continue }
            for item in self.items(of: person) {
                items.add(waits: item.fate == .waits)
                if let wanted = item.withdrawal { withdrawals.add(waits: wanted == .waits) }
            }
        }
        return [
            "registration": registrations, "archive_item": items, "withdrawal": withdrawals,
        ]
    }

    /// What the person files.
    func items(of owner: SimulatedPerson) -> [SimulatedItem] {
        (0..<scenario.items).map { index in
            var chance = Chance(seed: seed, "\(owner.person.account)/item/\(index)")
            let hasEvidence = chance.happens(scenario.evidence)
            let (kind, values) =
                hasEvidence
                ? Self.documented(index, &chance) : Self.plain(index, &chance)
            // Who declares has something to declare with.
            let fate = fate(of: owner, isFirst: index < 2, &chance)
            let isWanted = chance.happens(scenario.withdrawals) && owner.declaration == nil
            return SimulatedItem(
                kind: kind, values: values, mainName: values[0].value,
                evidence: hasEvidence ? "\(chance.pick(["证书", "证明", "合同"]))\(index + 1).pdf" : nil,
                fate: fate,
                withdrawal: isWanted && fate == .approved
                    ? chance.pick(SimulatedItem.Withdrawal.allCases) : nil)
        }
    }

    private func fate(
        of owner: SimulatedPerson, isFirst: Bool, _ chance: inout Chance
    ) -> SimulatedItem.Fate {
        let isDecided = chance.happens(scenario.reviewed)
        let outcome = chance.number(1...100)
        if owner.onlyWaits { return .waits }
        if owner.declaration != nil, isFirst { return .approved }
        guard isDecided else { return .waits }
        return outcome <= 85 ? .approved : outcome <= 97 ? .returned : .terminated
    }

    // MARK: forms

    private typealias Pair = SimulatedItem.Pair

    /// An item that may do without evidence; its first value is its main name.
    private static func plain(
        _ index: Int, _ chance: inout Chance
    ) -> (kind: String, values: [SimulatedItem.Pair]) {
        let year = chance.number(2_005...2_020)
        let number = index + 1
        switch index % 4 {
        case 0:
            return (
                "work_history",
                [
                    Pair(key: "employer", value: "演示第\(number)工作单位"),
                    Pair(key: "start", value: "\(year)-\(month(&chance))-01"),
                    Pair(key: "position", value: chance.pick(["教师", "工程师", "技术员", "医师"])),
                    Pair(key: "profession", value: chance.pick(["教育学", "工程力学", "计算机", "临床医学"])),
                ]
            )
        case 1:
            return (
                "continuing_education",
                [
                    Pair(key: "course", value: "专业技术人员继续教育第\(number)期"),
                    Pair(key: "year", value: "\(year)"),
                    Pair(key: "category", value: chance.pick(["公需科目", "专业科目"])),
                    Pair(key: "hours", value: "\(chance.number(8...90))"),
                ]
            )
        case 2:
            return (
                "project",
                [
                    Pair(key: "name", value: "\(chance.pick(subjects))项目（\(number)）"),
                    Pair(key: "start", value: "\(year)-\(month(&chance))-10"),
                    Pair(key: "amount", value: "\(chance.number(1...900))"),
                    Pair(key: "source", value: chance.pick(["省科技厅", "市科技局", "本单位"])),
                    Pair(key: "closed", value: chance.pick(["是", "否"])),
                    Pair(key: "level", value: chance.pick(["省部级", "市厅级", "县处级", "单位级"])),
                    Pair(key: "headcount", value: "9"),
                    Pair(key: "role", value: chance.pick(["主持", "参与"])),
                    Pair(key: "rank", value: "\(chance.number(1...9))"),
                    Pair(key: "duty", value: "负责方案设计、现场实施与总结验收。"),
                ]
            )
        default:
            return (
                "society_post",
                [
                    Pair(key: "name", value: "\(chance.pick(subjects))学会第\(number)分会"),
                    Pair(key: "post", value: chance.pick(["会员", "理事", "秘书"])),
                    Pair(key: "start", value: "\(year)-\(month(&chance))-15"),
                ]
            )
        }
    }

    /// An item that needs evidence.
    private static func documented(
        _ index: Int, _ chance: inout Chance
    ) -> (kind: String, values: [SimulatedItem.Pair]) {
        let year = chance.number(2_005...2_018)
        let number = index + 1
        switch index % 3 {
        case 0:
            return (
                "education",
                [
                    Pair(key: "school", value: "演示第\(number)大学"),
                    Pair(key: "start", value: "\(year)-09-01"),
                    Pair(key: "end", value: "\(year + 3)-06-30"),
                    Pair(key: "major", value: chance.pick(subjects)),
                    Pair(key: "mode", value: chance.pick(["全日制教育", "非全日制教育"])),
                    Pair(key: "years", value: "3"), Pair(key: "overseas", value: "否"),
                    Pair(key: "education", value: chance.pick(["大学本科", "大学专科", "硕士研究生"])),
                ]
            )
        case 1:
            return (
                "paper",
                [
                    Pair(key: "title", value: "\(chance.pick(subjects))若干问题研究（\(number)）"),
                    Pair(key: "journal", value: "福建\(chance.pick(["教育", "工程", "医药"]))演示学报"),
                    Pair(key: "date", value: "\(year)-\(month(&chance))-20"),
                    Pair(key: "rank", value: "\(chance.number(1...4))"),
                ]
            )
        default:
            return (
                "honor",
                [
                    Pair(key: "name", value: "先进工作者（\(number)）"),
                    Pair(key: "level", value: chance.pick(["市厅级", "县处级", "单位级"])),
                    Pair(key: "grantor", value: "演示授予单位"),
                    Pair(key: "date", value: "\(year)-\(month(&chance))-05"),
                ]
            )
        }
    }

    private static let subjects = ["远程教育", "桥梁检测", "水质监测", "课堂教学", "护理管理", "农技推广", "软件测试", "岩土勘察"]

    private static func month(_ chance: inout Chance) -> String {
        SimulatedNumbers.padded(chance.number(1...12), 2)
    }
}
