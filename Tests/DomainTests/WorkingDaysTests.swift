import Domain
import Testing

/// What the State Council announced for a year, day by day as month and day.
struct Announcement: Sendable, CustomTestStringConvertible {
    let year: Int
    let off: String
    let work: String

    var testDescription: String { "\(year)" }

    fileprivate func days(_ text: String) throws -> Set<CivilDay> {
        Set(
            try text.split(separator: " ").map {
                try CivilDay("\(year)-\($0.prefix(2))-\($0.suffix(2))")
            })
    }
}

@Suite("Working days")
struct WorkingDaysTests {
    static let announcements = [
        Announcement(
            year: 2021,
            off: """
                0101 0102 0103 0211 0212 0213 0214 0215 0216 0217 0403 0404 0405 0501 0502 0503 \
                0504 0505 0612 0613 0614 0919 0920 0921 1001 1002 1003 1004 1005 1006 1007
                """,
            work: "0207 0220 0425 0508 0918 0926 1009"),
        Announcement(
            year: 2022,
            off: """
                0101 0102 0103 0131 0201 0202 0203 0204 0205 0206 0403 0404 0405 0430 0501 0502 \
                0503 0504 0603 0604 0605 0910 0911 0912 1001 1002 1003 1004 1005 1006 1007 1231
                """,
            work: "0129 0130 0402 0424 0507 1008 1009"),
        Announcement(
            year: 2023,
            off: """
                0101 0102 0121 0122 0123 0124 0125 0126 0127 0405 0429 0430 0501 0502 0503 0622 \
                0623 0624 0929 0930 1001 1002 1003 1004 1005 1006 1230 1231
                """,
            work: "0128 0129 0423 0506 0625 1007 1008"),
        Announcement(
            year: 2024,
            off: """
                0101 0210 0211 0212 0213 0214 0215 0216 0217 0404 0405 0406 0501 0502 0503 0504 \
                0505 0610 0915 0916 0917 1001 1002 1003 1004 1005 1006 1007
                """,
            work: "0204 0218 0407 0428 0511 0914 0929 1012"),
        Announcement(
            year: 2025,
            off: """
                0101 0128 0129 0130 0131 0201 0202 0203 0204 0404 0405 0406 0501 0502 0503 0504 \
                0505 0531 0601 0602 1001 1002 1003 1004 1005 1006 1007 1008
                """,
            work: "0126 0208 0427 0928 1011"),
        Announcement(
            year: 2026,
            off: """
                0101 0102 0103 0215 0216 0217 0218 0219 0220 0221 0222 0223 0404 0405 0406 0501 \
                0502 0503 0504 0505 0619 0620 0621 0925 0926 0927 1001 1002 1003 1004 1005 1006 \
                1007
                """,
            work: "0104 0214 0228 0509 0920 1010"),
    ]

    @Test("Every day of a year is as announced", arguments: announcements)
    func announced(announcement: Announcement) throws {
        let off = try announcement.days(announcement.off)
        let work = try announcement.days(announcement.work)
        var day = try CivilDay(year: announcement.year, month: 1, day: 1)
        while day.year == announcement.year {
            let expected = work.contains(day) || (day.weekday <= 5 && !off.contains(day))
            #expect(try WorkingDays.isWorkingDay(day) == expected, "\(day)")
            day = day.next
        }
    }

    @Test(
        "五一 and 国庆 of 2022",
        arguments: [
            ("2022-04-24", true), ("2022-04-29", true), ("2022-04-30", false),
            ("2022-05-02", false),
            ("2022-05-04", false), ("2022-05-05", true), ("2022-05-07", true),
            ("2022-05-08", false),
            ("2022-09-30", true), ("2022-10-01", false), ("2022-10-07", false),
            ("2022-10-08", true),
            ("2022-10-09", true), ("2022-10-15", false),
        ])
    func holidays(day: String, isWorked: Bool) throws {
        #expect(try WorkingDays.isWorkingDay(CivilDay(day)) == isWorked)
    }

    @Test(
        "Five working days, the first day counted",
        arguments: [
            ("2022-04-12", "2022-04-18"),
            ("2022-04-29", "2022-05-09"),
            ("2022-09-28", "2022-10-09"),
            ("2023-01-18", "2023-01-29"),
            ("2024-02-08", "2024-02-20"),
            ("2024-09-30", "2024-10-11"),
            ("2025-01-24", "2025-02-06"),
            ("2025-09-26", "2025-10-09"),
            ("2026-02-12", "2026-02-25"),
        ])
    func fiveInclusive(start: String, last: String) throws {
        let day = try WorkingDays.day(after: CivilDay(start).previous, workingDays: 5)
        #expect(day.description == last)
    }

    @Test(
        "The day of publication is not counted",
        arguments: [
            ("2022-04-12", "2022-04-19"), ("2022-04-19", "2022-04-25"),
            ("2022-04-29", "2022-05-10"),
            ("2022-05-01", "2022-05-10"), ("2022-12-26", "2023-01-03"),
        ])
    func publication(day: String, last: String) throws {
        #expect(try WorkingDays.day(after: CivilDay(day), workingDays: 5).description == last)
    }

    @Test("A year whose calendar is not known is refused, also on the way")
    func unknownYears() throws {
        for day in ["2020-12-31", "2027-01-01", "2999-06-01"] {
            let day = try CivilDay(day)
            #expect(throws: ValueFault.self) { try WorkingDays.isWorkingDay(day) }
        }
        let late = try CivilDay("2026-12-28")
        #expect(throws: Never.self) { try WorkingDays.day(after: late, workingDays: 3) }
        #expect(throws: ValueFault.self) { try WorkingDays.day(after: late, workingDays: 4) }
    }

    @Test("The count has bounds", arguments: [Int.min, -1, 0, 251, .max])
    func counts(workingDays: Int) throws {
        let day = try CivilDay("2022-04-19")
        #expect(throws: ValueFault.self) {
            try WorkingDays.day(after: day, workingDays: workingDays)
        }
    }
}
