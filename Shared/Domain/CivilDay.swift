/// A day of the calendar at UTC+8, the time of the whole country (decision 11 of functions.md).
package struct CivilDay: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Days since 1970-01-01; within the years 1 to 9999.
    private let number: Int

    /// Years that a form may name.
    package static let years = 1900...2999

    private static let numbers = daysToCivil(1, 1, 1)...daysToCivil(9999, 12, 31)
    private static let millisecondsPerDay: Int64 = 86_400_000
    private static let offset: Int64 = 8 * 3_600_000

    /// The nearest day of the years 1 to 9999.
    private init(nearest number: Int) {
        self.number = min(max(number, Self.numbers.lowerBound), Self.numbers.upperBound)
    }

    /// The day on which that time falls at UTC+8; for a time outside of the years 1 to 9999 the
    /// nearest day of these.
    package init(_ timestamp: Timestamp) {
        let (days, rest) = dividedDown(timestamp.milliseconds, by: Self.millisecondsPerDay)
        let isNextDay = rest >= Self.millisecondsPerDay - Self.offset
        self.init(nearest: Int(days) + (isNextDay ? 1 : 0))
    }

    /// - Throws: when there is no such day, or its year is outside of ``years``.
    package init(year: Int, month: Int, day: Int) throws(ValueFault) {
        try self.init(year: year, month: month, day: day, years: Self.years)
    }

    /// For numbers that were given out before the years of a form.
    init(year: Int, month: Int, day: Int, years: ClosedRange<Int>) throws(ValueFault) {
        guard years.contains(year) else {
            throw ValueFault("年份应为 \(years.lowerBound) 至 \(years.upperBound)")
        }
        guard (1...12).contains(month), (1...daysOfMonth(year, month)).contains(day) else {
            throw ValueFault("没有这一天")
        }
        self.init(nearest: daysToCivil(year, month, day))
    }

    /// Reads "2022-04-19", and nothing else.
    /// - Throws: when the text is written otherwise, there is no such day, or its year is outside
    ///   of ``years``.
    package init(_ text: String) throws(ValueFault) {
        let bytes = Array(text.utf8.prefix(11))
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]),
            let day = decimal(bytes[8..<10])
        else { throw ValueFault("应为日期，如 2022-04-19") }
        try self.init(year: year, month: month, day: day)
    }

    /// Its first moment: 00:00 at UTC+8.
    package var start: Timestamp {
        Timestamp(milliseconds: Int64(number) * Self.millisecondsPerDay - Self.offset)
    }

    /// The day after.
    package var next: CivilDay { adding(days: 1) }

    /// The day before.
    package var previous: CivilDay { adding(days: -1) }

    /// So many days later, or earlier when negative; never beyond the years 1 to 9999.
    package func adding(days: Int) -> CivilDay {
        let (sum, overflow) = number.addingReportingOverflow(days)
        return CivilDay(nearest: overflow ? (days < 0 ? .min : .max) : sum)
    }

    /// 1 to 9999.
    package var year: Int { civil(number).year }

    /// 1 to 12.
    package var month: Int { civil(number).month }

    /// 1 to 31.
    package var day: Int { civil(number).day }

    /// 1 = Monday to 7 = Sunday, as in ISO 8601.
    package var weekday: Int {
        // 1970-01-01 was a Thursday.
        Int(dividedDown(Int64(number) + 3, by: 7).rest) + 1
    }

    /// "2022-04-19".
    package var description: String {
        let (year, month, day) = civil(number)
        return "\(padded(year, to: 4))-\(padded(month, to: 2))-\(padded(day, to: 2))"
    }

    package static func < (left: CivilDay, right: CivilDay) -> Bool {
        left.number < right.number
    }
}

/// Rounded towards minus infinity; the rest is not negative.
private func dividedDown(_ value: Int64, by divisor: Int64) -> (quotient: Int64, rest: Int64) {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
}

private func daysOfMonth(_ year: Int, _ month: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

// Both ways count in years that begin in March, so that the leap day is the last of its year; 400
// years are an era of 146,097 days.

/// Days from 1970-01-01 to that day of the years from 1 on.
private func daysToCivil(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let (era, yearOfEra) = shifted.quotientAndRemainder(dividingBy: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
}

/// The day so many days after 1970-01-01, of the years from 1 on.
private func civil(_ number: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = (number + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra =
        (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
}
