import Domain
import Testing
import ZhichengClient

@testable import zhicheng

@Suite("What zhicheng simulate makes up")
struct SimulationTests {
    @Test("ID numbers hold, say the person's sex, are of the unassigned county, and none is twice")
    func idNumbers() throws {
        let today = try CivilDay("2022-04-19")
        var seen: Set<String> = []
        for number in stride(from: 0, to: SimulatedNumbers.persons, by: 1_733) {
            let sex: Sex = number.isMultiple(of: 3) ? .male : .female
            let text = SimulatedNumbers.idNumber(number, seed: 1, sex: sex)
            let id = try IDNumber(text, today: today)
            #expect(id.sex == sex)
            #expect(text.hasPrefix("350199"))
            let isNew = seen.insert(text).inserted
            #expect(isNew)
        }
        #expect(seen.count > 4_000)
    }

    @Test("Another seed has other numbers")
    func otherNumbers() {
        let numbers = [UInt64(1), 2].map { seed in
            Set((0..<10_000).map { SimulatedNumbers.idNumber($0, seed: seed, sex: .male) })
        }
        let isDisjoint = numbers[0].isDisjoint(with: numbers[1])
        #expect(isDisjoint)
    }

    @Test("Unified social credit codes hold, and none is twice", arguments: ["12", "91"])
    func usccs(department: String) throws {
        var seen: Set<String> = []
        for number in 0..<2_000 {
            let text = SimulatedNumbers.uscc(number, seed: 3, department: department)
            #expect(throws: Never.self) { _ = try USCC(text) }
            let isNew = seen.insert(text).inserted
            #expect(isNew)
        }
    }

    @Test("The same seed has the same people with the same items, another one has others")
    func sameSeed() {
        let scenario = Scenario(seed: 5, units: 3, persons: 4, items: 9, declarations: 4)
        func told(_ scenario: Scenario) -> [String] {
            let world = SimulatedWorld(scenario)
            return (0..<3).flatMap { unit in
                [world.unit(unit).name, world.unit(unit).uscc]
                    + world.persons(of: unit).flatMap { person in
                        [
                            person.person.name, person.person.idNumber,
                            "\(person.registration) \(String(describing: person.declaration))",
                        ] + world.items(of: person).map { "\($0)" }
                    }
            }
        }
        #expect(told(scenario) == told(scenario))
        var other = scenario
        other.seed = 6
        #expect(told(scenario) != told(other))
    }

    @Test("A larger platform begins with the same units and persons")
    func growing() {
        let small = SimulatedWorld(Scenario(seed: 5, units: 3, declarations: 0))
        let large = SimulatedWorld(Scenario(seed: 5, units: 300, declarations: 0))
        for unit in 0..<3 {
            #expect(small.unit(unit).name == large.unit(unit).name)
            #expect(
                small.persons(of: unit).map(\.person.idNumber)
                    == large.persons(of: unit).map(\.person.idNumber))
        }
    }

    @Test("An item's main name tells it from the person's others of its kind")
    func mainNames() {
        let world = SimulatedWorld(Scenario(units: 1, persons: 1, items: 1_000, evidence: 0.5))
        let items = world.items(of: world.persons(of: 0)[0])
        #expect(Set(items.map { "\($0.kind)/\($0.mainName)" }).count == 1_000)
        for (_, same) in Dictionary(grouping: items, by: \.kind) {
            #expect(Set(same.map { $0.values.map(\.key) }).count == 1)
        }
    }

    @Test("Every plan has its declarations, of persons whose registration is approved")
    func declarations() {
        let world = SimulatedWorld(
            Scenario(units: 20, persons: 10, plans: 3, declarations: 40, registered: 0.8))
        let declaring = (0..<20).flatMap { world.persons(of: $0) }.filter { $0.declaration != nil }
        #expect(declaring.count == 120)
        #expect(declaring.allSatisfy { $0.registration == .approved })
        #expect(Set(declaring.compactMap(\.declaration?.ending)) == Set(Ending.allCases))
    }

    @Test("Enough wait in the first unit", arguments: [0, 1, 50])
    func pending(wanted: Int) {
        let world = SimulatedWorld(Scenario(units: 2, items: 7, pending: wanted))
        let further = world.persons(of: 0).filter(\.onlyWaits)
        let waiting = further.flatMap { world.items(of: $0) }
        #expect(waiting.count >= wanted && waiting.count < wanted + 7)
        #expect(waiting.allSatisfy { $0.fate == .waits })
    }

    @Test("--flow reads endings with weights, and nothing else")
    func flow() {
        #expect(Flow("pool=1,passed=3") != nil)
        for text in ["", "pool", "pool=0", "pool=-1", "pol=1", "pool=1,", "pool=1=2"] {
            #expect(Flow(text) == nil, "\(text)")
        }
        var chance = Chance(seed: 1, "flow")
        let flow = Flow("lapsed=1")
        #expect(flow?.pick(&chance) == .lapsed)
    }

    @Test("A scenario's bounds are named by their flags")
    func bounds() {
        #expect(Scenario().fault == nil)
        #expect(Scenario(units: 0).fault?.contains("--units") == true)
        #expect(Scenario(declarations: 1_000).fault?.contains("--declarations") == true)
        #expect(Scenario(reviewed: 1.5).fault?.contains("--reviewed") == true)
    }

    @Test("A step has one key; other steps and seeds have others")
    func keys() {
        let keys = [Chance.key(seed: 1, "a"), Chance.key(seed: 1, "b"), Chance.key(seed: 2, "a")]
        #expect(Set(keys).count == 3)
        #expect(Chance.key(seed: 1, "a") == keys[0])
    }
}
