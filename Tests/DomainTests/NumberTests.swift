import Domain
import Testing

private let today = Result { try CivilDay("2022-04-19") }

@Suite("ID numbers")
struct IDNumberTests {
    /// Synthetic ones of the unassigned county 350199, and the two examples of GB 11643.
    static let valid = [
        ("350199198004120012", "1980-04-12", "男"), ("35019919900307002X", "1990-03-07", "女"),
        ("350199200002290034", "2000-02-29", "男"), ("350199198512311181", "1985-12-31", "女"),
        ("11010519491231002X", "1949-12-31", "女"), ("440524188001010014", "1880-01-01", "男"),
    ]

    @Test("Valid numbers say birth day and sex", arguments: valid)
    func accepted(text: String, birthDay: String, sex: String) throws {
        let number = try IDNumber(text, today: today.get())
        #expect(number.text == text)
        #expect(number.birthDay.description == birthDay)
        #expect(number.sex.label == sex)
    }

    @Test(
        "Wrong numbers are refused with their reason, which does not repeat them",
        arguments: [
            ("350199198004120013", "校验位不正确"), ("350199198013412009", "出生日期不正确"),
            ("35019919800412001", "应为 18 位"), ("350199199002300014", "出生日期不正确"),
            ("3501991980041200122", "应为 18 位"), ("", "应为 18 位"),
            ("35019919800412001Y", "前 17 位应为数字，末位应为数字或 X"),
            ("3501991980O4120012", "前 17 位应为数字，末位应为数字或 X"),
            ("99019919800412001X", "地区代码不正确"), ("350199299904120012", "出生日期不能晚于今天"),
            ("350199000004120012", "出生日期不正确"),
        ])
    func refused(text: String, message: String) throws {
        let today = try today.get()
        let fault = #expect(throws: ValueFault.self) { try IDNumber(text, today: today) }
        #expect(fault?.message == message)
    }

    @Test("A small x counts as X")
    func smallX() throws {
        #expect(
            try IDNumber("35019919900307002x", today: today.get()).text == "35019919900307002X")
    }

    @Test("Nobody is born after today")
    func bornToday() throws {
        let birth = try CivilDay("1980-04-12")
        #expect(throws: Never.self) { try IDNumber("350199198004120012", today: birth) }
        #expect(throws: ValueFault.self) {
            try IDNumber("350199198004120012", today: birth.previous)
        }
    }

    @Test("Every change of a single sign is refused", arguments: valid.map(\.0))
    func singleChanges(text: String) throws {
        let today = try today.get()
        for change in changes(of: text, with: "0123456789X") {
            #expect(throws: ValueFault.self, "\(change)") { try IDNumber(change, today: today) }
        }
    }

    @Test("Every cut is refused", arguments: valid.map(\.0))
    func truncations(text: String) throws {
        let today = try today.get()
        for length in 0..<text.count {
            #expect(throws: ValueFault.self) {
                try IDNumber(String(text.prefix(length)), today: today)
            }
        }
    }

    @Test("Exchanging two neighbours is refused", arguments: valid.map(\.0))
    func exchanges(text: String) throws {
        let today = try today.get()
        for index in 0..<17 {
            var signs = Array(text)
            signs.swapAt(index, index + 1)
            guard String(signs) != text else { continue }
            #expect(throws: ValueFault.self) { try IDNumber(String(signs), today: today) }
        }
    }

    @Test("Four digits at both ends are shown")
    func masked() throws {
        #expect(
            try IDNumber("350199198004120012", today: today.get()).masked == "3501**********0012")
    }
}

@Suite("Unified social credit codes")
struct USCCTests {
    static let valid = [
        "91350100M000100Y43", "91440300708461136T", "914403001922038216", "91330100799655058B",
        "12350100488000011A", "91350100MA2XYU120Y", "5235020050000012X2", "11350000003590114W",
    ]

    @Test("Valid codes", arguments: valid)
    func accepted(text: String) throws {
        #expect(try USCC(text).text == text)
        #expect(try USCC(text.lowercased()).text == text)
    }

    @Test(
        "Wrong codes are refused with their reason",
        arguments: [
            ("91350100M000100Y44", "校验位不正确"), ("123456", "应为 18 位"), ("", "应为 18 位"),
            ("91350100M000100I43", "只能包含数字和大写字母（不含 I、O、S、V、Z）"),
            ("91350100M000100Y4", "应为 18 位"), ("91350100M000100Y433", "应为 18 位"),
            ("94350100M000100Y43", "登记管理部门或机构类别代码不正确"),
            ("B1350100M000100Y43", "登记管理部门或机构类别代码不正确"),
            ("913501A0M000100Y43", "第 3 至 8 位应为行政区划数字"),
        ])
    func refused(text: String, message: String) {
        let fault = #expect(throws: ValueFault.self) { try USCC(text) }
        #expect(fault?.message == message)
    }

    @Test("Every change of a single sign is refused", arguments: valid)
    func singleChanges(text: String) {
        for change in changes(of: text, with: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
            #expect(throws: ValueFault.self, "\(change)") { try USCC(change) }
        }
    }

    @Test("Every cut is refused", arguments: valid)
    func truncations(text: String) {
        for length in 0..<text.count {
            #expect(throws: ValueFault.self) { try USCC(String(text.prefix(length))) }
        }
    }
}

/// The text with one sign replaced, in every way.
private func changes(of text: String, with alphabet: String) -> [String] {
    let signs = Array(text)
    return signs.indices.flatMap { index in
        alphabet.filter { $0 != signs[index] }.map { sign in
            var changed = signs
            changed[index] = sign
            return String(changed)
        }
    }
}
