/// Working days of the mainland as the State Council announces them year by year (国务院办公厅节假日安排).
package enum WorkingDays {
    /// Days off and weekend days that are worked, as month × 100 + day.
    private struct Year {
        let off: [ClosedRange<Int>]
        let work: Set<Int>
    }

    /// The most working days that may be counted at once.
    package static let limit = 250

    /// Monday to Friday unless off, and weekend days that are worked in exchange.
    /// - Throws: when the year's calendar is not known: it is never guessed (D6 of functions.md).
    package static func isWorkingDay(_ day: CivilDay) throws(ValueFault) -> Bool {
        guard let year = years[day.year] else {
            throw ValueFault("\(day.year) 年的工作日安排尚未录入，无法计算工作日")
        }
        let key = day.month * 100 + day.day
        if year.work.contains(key) { return true }
        return day.weekday <= 5 && !year.off.contains { $0.contains(key) }
    }

    /// The day on which the given number of working days has passed; the first day itself is not
    /// counted (decision 11 of functions.md).
    /// - Parameters:
    ///   - day: of publication.
    ///   - workingDays: 1 to ``limit``.
    /// - Throws: when the count is outside of these, or the calendar of a year on the way is not
    ///   known.
    package static func day(
        after day: CivilDay, workingDays: Int
    ) throws(ValueFault) -> CivilDay {
        guard (1...limit).contains(workingDays) else {
            throw ValueFault("工作日数应为 1 至 \(limit)")
        }
        var day = day
        var left = workingDays
        while left > 0 {
            day = day.next
            if try isWorkingDay(day) { left -= 1 }
        }
        return day
    }

    private static let years: [Int: Year] = [
        2021: Year(
            off: [101...103, 211...217, 403...405, 501...505, 612...614, 919...921, 1001...1007],
            work: [207, 220, 425, 508, 918, 926, 1009]),
        2022: Year(
            off: [
                101...103, 131...206, 403...405, 430...504, 603...605, 910...912, 1001...1007,
                1231...1231,
            ],
            work: [129, 130, 402, 424, 507, 1008, 1009]),
        2023: Year(
            off: [101...102, 121...127, 405...405, 429...503, 622...624, 929...1006, 1230...1231],
            work: [128, 129, 423, 506, 625, 1007, 1008]),
        2024: Year(
            off: [101...101, 210...217, 404...406, 501...505, 610...610, 915...917, 1001...1007],
            work: [204, 218, 407, 428, 511, 914, 929, 1012]),
        2025: Year(
            off: [101...101, 128...204, 404...406, 501...505, 531...602, 1001...1008],
            work: [126, 208, 427, 928, 1011]),
        2026: Year(
            off: [101...103, 215...223, 404...406, 501...505, 619...621, 925...927, 1001...1007],
            work: [104, 214, 228, 509, 920, 1010]),
    ]
}
