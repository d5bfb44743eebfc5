import SSOSimulator
import Testing

@Suite("Accounts, tickets and the simulator's configuration")
struct ConfigurationTests {
    @Test("The demonstration's numbers have valid check digits and belong to nobody")
    func numbersAreValidAndUnassigned() {
        #expect(LegalPerson.demonstration.count == 3)
        for person in LegalPerson.demonstration {
            #expect(usccCheck(person.unit.uscc), "\(person.unit.uscc)")
            for number in [person.unit.legalRepresentativeIDNumber, person.agent.idNumber] {
                #expect(number.hasPrefix("350199"), "county 350199 is not assigned")
                #expect(idNumberCheck(number), "\(number)")
            }
        }
        let numbers = LegalPerson.demonstration.flatMap {
            [$0.unit.legalRepresentativeIDNumber, $0.agent.idNumber]
        }
        #expect(Set(numbers).count == numbers.count)
    }

    /// GB 11643: the sum of digits by weights, modulo 11.
    private func idNumberCheck(_ text: String) -> Bool {
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        let digits = text.prefix(17).compactMap(\.wholeNumberValue)
        guard digits.count == 17, text.count == 18 else { return false }
        let sum = zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 }
        return text.last == Array("10X98765432")[sum % 11]
    }

    /// GB 32100: the sum of values by weights, modulo 31.
    private func usccCheck(_ text: String) -> Bool {
        let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY")
        let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
        let values = text.compactMap { alphabet.firstIndex(of: $0) }
        guard values.count == 18 else { return false }
        let sum = zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 }
        return values[17] == (31 - sum % 31) % 31
    }

    @Test("Tickets cannot be guessed and are bounded in number")
    func ticketsAreBounded() {
        let office = TicketOffice()
        let grant = Grant(person: LegalPerson.demonstration[0], clientID: "a")
        let first = office.issue(grant)
        #expect(first.count == 64)
        #expect(first != office.issue(grant))
        #expect(office.redeem(first, by: "a") == grant)
        #expect(office.redeem(first, by: "a") == nil)
    }

    @Test(
        "A configuration that cannot be is refused",
        arguments: [
            (["noequals"], []), (["=secret"], []), (["id="], []), (["a=1", "a=2"], []),
            ([], ["ftp://x/y"]), ([], ["http://x/y?z=1"]), ([], ["/callback"]),
        ])
    func badConfigurations(clients: [String], callbacks: [String]) {
        #expect(throws: SimulatorError.self) {
            try SimulatorConfiguration(clients: clients, callbacks: callbacks)
        }
    }

    @Test("Beyond loopback the port counts")
    func portsCount() throws {
        let list = try CallbackList(["https://portal.example/sso"])
        #expect(list.allows("https://portal.example/sso"))
        #expect(list.allows("https://portal.example:443/sso"))
        #expect(!list.allows("https://portal.example:8443/sso"))
        #expect(!list.allows("http://portal.example/sso"))
    }
}
