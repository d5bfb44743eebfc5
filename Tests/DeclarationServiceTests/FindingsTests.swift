import Domain
import Messages
import RPC
import ServiceStubs
import Testing

@testable import DeclarationService

struct FindingsTests {
    private func person(
        sex: String = "女", birth: String = "1990-03-07", document: String = "111",
        number: String = "3501**********002X"
    ) -> Identity.PersonSummary {
        Identity.PersonSummary(
            sex: sex, birthDay: birth, idDocument: document, idNumberMasked: number)
    }

    private func fields(
        _ person: Identity.PersonSummary, workStart: String = "", years: String = "",
        special: String = ""
    ) throws -> [String] {
        Findings.find(
            person,
            Declaration.Application(
                specialtyYears: special, workStartDay: workStart, workYears: years),
            on: try CivilDay("2022-04-12")
        ).map(\.field)
    }

    @Test func sexAndBirthAgainstTheNumber() throws {
        #expect(try fields(person()).isEmpty)
        #expect(try fields(person(sex: "男")) == ["sex"])
        #expect(try fields(person(birth: "")) == ["birth_day"])
        #expect(
            try fields(person(birth: "1991-03-07", number: "35019919900307002X")) == ["birth_day"])
        #expect(try fields(person(number: "35019919900307002X")).isEmpty)
        // As on the manual's screen: an officer's card with a resident's number.
        #expect(
            try fields(person(document: "114", number: "110101********2930")) == ["id_document"])
        #expect(try fields(person(number: "1101**30")) == ["id_number"])
        #expect(try fields(person(document: "414", number: "E12****78")).isEmpty)
    }

    @Test func yearsAgainstDates() throws {
        #expect(try fields(person(), workStart: "2016-04-12", years: "6年").isEmpty)
        #expect(try fields(person(), workStart: "2016-04-13", years: "6年").isEmpty)
        // The manual's own row: since 2016-04-12, three years.
        #expect(
            try fields(person(), workStart: "2016-04-12", years: "3年") == [
                "application.work_years"
            ])
        #expect(
            try fields(person(), workStart: "2022-05-01", years: "0") == [
                "application.work_start_day"
            ])
        #expect(try fields(person(), years: "3", special: "5年") == ["application.specialty_years"])
        #expect(try fields(person(), workStart: "2016-04-12", years: "若干").isEmpty)
    }

    @Test func datesAgainstEachOther() throws {
        func item(_ kind: String, _ start: String, _ end: String = "") -> Archive.Item {
            Archive.Item(
                id: "i", kind: kind, kindLabel: "工作经历", mainName: "福州市第一中学",
                values: [
                    Common.FormValue(key: "start", value: start),
                    Common.FormValue(key: "end", value: end),
                ])
        }
        func fields(_ items: Archive.Item..., workStart: String = "") throws -> [String] {
            Findings.find(
                person(), Declaration.Application(workStartDay: workStart), items,
                on: try CivilDay("2022-04-12")
            ).map(\.field)
        }
        #expect(try fields(workStart: "2006-03-06") == ["application.work_start_day"])
        #expect(try fields(workStart: "2006-03-07").isEmpty, "sixteen that day")
        #expect(
            try fields(item("work_history", "2015-09-01"), workStart: "2016-04-12")
                == ["application.work_start_day"])
        #expect(try fields(item("work_history", "2016-04-12"), workStart: "2016-04-12").isEmpty)
        #expect(try fields(item("education", "2011-12-01", "2009-12-01")) == ["items.i"])
        #expect(try fields(item("education", "2022-04-13")) == ["items.i"])
        #expect(try fields(item("education", "2009-12-01", "2011-12-01")).isEmpty)
    }
}
