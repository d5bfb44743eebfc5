import Domain
import Testing

@Suite("Civil days")
struct CivilDayTests {
    @Test(
        "Text and value are one",
        arguments: [
            "1900-01-01", "1970-01-01", "2000-02-29", "2022-04-19", "2024-02-29", "2999-12-31",
        ])
    func roundTrip(text: String) throws {
        #expect(try CivilDay(text).description == text)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "2022-4-19", "2022-04-19 ", " 2022-04-19", "2022/04/19", "20220419", "2022-04-1x",
            "2022-13-01", "2022-00-01", "2022-01-00", "2022-04-31", "2021-02-29", "1900-02-29",
            "1899-12-31", "3000-01-01", "0000-00-00", "-022-04-19", "+022-04-19", "２０２２-04-19",
            "2022-04-191", "2022-04-19T09:00",
        ])
    func refused(text: String) {
        #expect(throws: ValueFault.self) { try CivilDay(text) }
    }

    @Test("Every cut of a good text is refused")
    func truncations() {
        let text = "2022-04-19"
        for length in 0..<text.count {
            #expect(throws: ValueFault.self) { try CivilDay(String(text.prefix(length))) }
        }
    }

    @Test("Every day from 1900 to 2999 follows the one before, with its weekday and its own text")
    func everyDay() throws {
        var day = try CivilDay("1900-01-01")
        let last = try CivilDay("2999-12-31")
        // 1900-01-01 was a Monday.
        var weekday = 1
        var count = 0
        while day < last {
            let next = day.next
            weekday = weekday % 7 + 1
            guard next.weekday == weekday, next.previous == day, day < next,
                next.start.milliseconds - day.start.milliseconds == 86_400_000,
                CivilDay(next.start) == next,
                CivilDay(Timestamp(milliseconds: next.start.milliseconds - 1)) == day,
                try CivilDay(year: next.year, month: next.month, day: next.day) == next
            else {
                Issue.record("after \(day)")
                return
            }
            day = next
            count += 1
        }
        #expect(count == 401_766)
    }

    @Test("A day begins at 16:00 UTC of the day before")
    func startsAtUTC8() throws {
        // 2022-04-18T16:00:00Z.
        #expect(try CivilDay("2022-04-19").start.milliseconds == 1_650_297_600_000)
        #expect(CivilDay(Timestamp(milliseconds: 1_650_297_599_999)).description == "2022-04-18")
        #expect(CivilDay(Timestamp(milliseconds: 0)).description == "1970-01-01")
        #expect(CivilDay(Timestamp(milliseconds: -28_800_001)).description == "1969-12-31")
    }

    @Test("Days count forward and back")
    func adding() throws {
        let day = try CivilDay("2022-04-19")
        #expect(day.adding(days: 12).description == "2022-05-01")
        #expect(day.adding(days: -109).description == "2021-12-31")
        #expect(day.adding(days: 0) == day)
        #expect(day.weekday == 2)
    }

    @Test("Nothing leaves the calendar")
    func bounds() throws {
        let day = try CivilDay("2022-04-19")
        #expect(day.adding(days: .max).description == "9999-12-31")
        #expect(day.adding(days: .min).description == "0001-01-01")
        #expect(CivilDay(Timestamp(milliseconds: .max)).description == "9999-12-31")
        #expect(CivilDay(Timestamp(milliseconds: .min)).description == "0001-01-01")
        #expect(day.adding(days: .max).next == day.adding(days: .max))
    }
}

@Suite("Times")
struct TimestampTextTests {
    @Test(
        "One time, written in several ways",
        arguments: [
            "2022-04-19T09:00+08:00", "2022-04-19T09:00:00+08:00", "2022-04-19T01:00Z",
            "2022-04-19T01:00:00Z", "2022-04-18T22:30:00-02:30", "2022-04-19T01:00+00:00",
        ])
    func equalTimes(text: String) throws {
        let time = try Timestamp(iso: text)
        #expect(time.milliseconds == 1_650_330_000_000)
        #expect(time.text == "2022-04-19 09:00:00")
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "2022-04-19", "2022-04-19T09:00", "2022-04-19 09:00+08:00",
            "2022-04-19T24:00+08:00",
            "2022-04-19T09:60+08:00", "2022-04-19T09:00:60+08:00", "2022-04-19T09:00+0800",
            "2022-04-19T09:00+15:00", "2022-04-19T09:00 08:00", "2022-04-19T09:00ZZ",
            "2022-02-30T09:00Z", "2022-04-19T9:00+08:00", "2022-04-19T09:00:0+08:00",
            "2022-04-19T09:00:00+08:000", "2022-04-19T09:00:00.0+08:00", "2022-04-19T09:00z",
        ])
    func refused(text: String) {
        #expect(throws: ValueFault.self) { try Timestamp(iso: text) }
    }

    @Test(
        "Every cut of a good text is refused",
        arguments: [
            "2022-04-19T09:00+08:00", "2022-04-19T09:00:30+08:00", "2022-04-19T09:00:30Z",
        ])
    func truncations(text: String) {
        for length in 0..<text.count {
            #expect(throws: ValueFault.self) { try Timestamp(iso: String(text.prefix(length))) }
        }
    }

    @Test("Lists show the time at UTC+8, to the second")
    func shown() {
        #expect(Timestamp(milliseconds: 1_650_355_199_999).text == "2022-04-19 15:59:59")
        #expect(Timestamp(milliseconds: 1_650_297_600_000).text == "2022-04-19 00:00:00")
        #expect(Timestamp(milliseconds: -1).text == "1970-01-01 07:59:59")
    }
}

@Suite("Clocks")
struct ClockTests {
    @Test("The development clock begins where it is told and ticks on")
    func ticks() async throws {
        let clock = try DevelopmentClock(startingAt: "2022-04-19T09:00+08:00")
        let first = clock.now()
        #expect((0..<10_000).contains(first.milliseconds - 1_650_330_000_000))
        try await Task.sleep(for: .milliseconds(20))
        #expect(clock.now().milliseconds - first.milliseconds >= 20)
    }

    @Test("It is moved forward by what is asked")
    func advances() throws {
        let clock = try DevelopmentClock(startingAt: "2022-04-19T09:00+08:00")
        let first = clock.now()
        clock.advance(by: .seconds(86_400 * 5) + .milliseconds(7))
        let passed = clock.now().milliseconds - first.milliseconds
        #expect((432_000_007..<432_010_007).contains(passed))
    }

    @Test("It is never moved back")
    func neverBack() async {
        await #expect(processExitsWith: .failure) {
            try DevelopmentClock(startingAt: "2022-04-19T09:00Z").advance(by: .milliseconds(-1))
        }
    }

    @Test("Another way of writing the time is refused")
    func refused() {
        #expect(throws: ValueFault.self) { try DevelopmentClock(startingAt: "yesterday") }
    }

    @Test("The machine's clock says the time")
    func system() {
        let before = SystemWallClock().now()
        // After 2025-01-01.
        #expect(before.milliseconds > 1_735_689_600_000)
        #expect(before <= SystemWallClock().now())
    }
}
