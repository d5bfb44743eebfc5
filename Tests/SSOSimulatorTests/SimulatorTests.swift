import Foundation
import SSOSimulator
import Testing

@Suite("The trust-ticket redirect")
struct SimulatorTests {
    private let redirect = "http://127.0.0.1:45678/callback"
    private let person = LegalPerson.demonstration[0]

    private func login(_ more: [String: String] = [:]) -> [String: String] {
        ["client_id": "zhicheng", "redirect": redirect, "state": "s+1 &=%"].merging(more) { $1 }
    }

    private func ticket(in location: String?) throws -> String {
        let parts = try #require(location.flatMap { URLComponents(string: $0) })
        #expect(parts.queryItems?.first { $0.name == "state" }?.value == "s+1 &=%")
        #expect(location?.hasPrefix(redirect + "?") == true)
        return try #require(parts.queryItems?.first { $0.name == "ticket" }?.value)
    }

    private func exchange(
        _ ticket: String, client: String = "zhicheng",
        secret: String = SimulatorConfiguration.developmentSecret
    ) -> [String: String] {
        [
            "POSTPARAM_JSON": """
            {"ticket": "\(ticket)", "client_id": "\(client)", "secret": "\(secret)"}
            """
        ]
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("The password page signs a unit in, and its ticket buys the unit's data once")
    func passwordRoad() async throws {
        try await withSimulator { browser async throws in
            let page = try await browser.get("/login", login())
            #expect(page.status == 200)
            #expect(page.contentType == "text/html; charset=utf-8")
            #expect(page.text.contains("法人账号密码登录"))
            #expect(page.text.contains("value=\"s+1 &amp;=%\""))

            let back = try await browser.post(
                "/login", form: login(["account": person.account, "password": person.password]))
            #expect(back.status == 302)
            let ticket = try ticket(in: back.location)

            let first = try await browser.post("/exchange", form: exchange(ticket))
            #expect(first.status == 200)
            let reply = try json(first.text)
            #expect(reply["success"] as? Bool == true)
            let unit = try #require(reply["unit"] as? [String: String])
            #expect(
                unit == [
                    "name": "福州市第一中学", "uscc": "12350100488000011A",
                    "legal_representative_name": "林校长",
                    "legal_representative_id_number": "350199196801019030",
                ])
            let agent = try #require(reply["agent"] as? [String: String])
            #expect(Set(agent.keys) == ["subject", "name", "id_number", "phone"])

            let again = try await browser.post("/exchange", form: exchange(ticket))
            #expect(again.status == 400)
            let refusal = try json(again.text)
            #expect(refusal["success"] as? Bool == false)
            #expect(refusal["error"] as? String == "invalid_ticket")
        }
    }

    @Test("The scan page signs in whom it is confirmed for")
    func scanRoad() async throws {
        try await withSimulator { browser async throws in
            let page = try await browser.get("/login/scan", login())
            #expect(page.text.contains("模拟扫码确认"))
            let account = LegalPerson.demonstration[2].account
            let back = try await browser.post("/login/scan", form: login(["account": account]))
            let reply = try await browser.post(
                "/exchange", form: exchange(try ticket(in: back.location)))
            #expect(reply.text.contains("厦门演示职业培训学校"))
        }
    }

    @Test("Scripts get the same address as a browser")
    func scriptRoad() async throws {
        try await withSimulator { browser async throws in
            let reply = try await browser.post(
                "/simulate/login",
                body: """
                    {"account": "\(person.account)", "password": "\(person.password)",
                     "redirect": "\(redirect)", "state": "s+1 &=%"}
                    """)
            #expect(reply.status == 200)
            let location = try json(reply.text)["location"] as? String
            let answer = try await browser.post(
                "/exchange", form: exchange(try ticket(in: location)))
            #expect(answer.status == 200)
        }
    }

    @Test("A ticket ends after 60 seconds")
    func ticketEnds() async throws {
        let clock = TestInstant()
        try await withSimulator(clock: clock) { browser async throws in
            for (age, status) in [(59, 200), (60, 400)] {
                let back = try await browser.post(
                    "/login/scan", form: login(["account": person.account]))
                clock.advance(by: .seconds(age))
                let reply = try await browser.post(
                    "/exchange", form: exchange(try ticket(in: back.location)))
                #expect(reply.status == status, "after \(age) seconds")
            }
        }
    }

    @Test("A ticket is good for the client only that it was made for, with its secret")
    func ticketIsBound() async throws {
        try await withSimulator(clients: ["zhicheng=one", "other=two"]) { browser async throws in
            let back = try await browser.post(
                "/login/scan", form: login(["account": person.account]))
            let ticket = try ticket(in: back.location)
            let wrongSecret = try await browser.post(
                "/exchange", form: exchange(ticket, secret: "two"))
            #expect(wrongSecret.status == 401)
            let other = try await browser.post(
                "/exchange", form: exchange(ticket, client: "other", secret: "two"))
            #expect(other.status == 400)
            let gone = try await browser.post("/exchange", form: exchange(ticket, secret: "one"))
            #expect(gone.status == 400)
        }
    }

    @Test("A wrong password shows the page again with the fault, and no ticket")
    func wrongPassword() async throws {
        try await withSimulator { browser async throws in
            let page = try await browser.post(
                "/login", form: login(["account": "<b>\"x\"", "password": "no"]))
            #expect(page.status == 401)
            #expect(page.location == nil)
            #expect(page.text.contains("法人账号或密码不正确"))
            #expect(page.text.contains("value=\"&lt;b&gt;&quot;x&quot;\""))
            #expect(!page.text.contains("<b>"))
            let script = try await browser.post(
                "/simulate/login",
                body: """
                    {"account": "x", "password": "y", "redirect": "\(redirect)", "state": "s"}
                    """)
            #expect(script.status == 401)
        }
    }

    @Test(
        "Nobody is sent to an address that is not on the list",
        arguments: [
            "http://127.0.0.1:45678/other", "https://127.0.0.1/callback",
            "http://example.org/callback", "http://127.0.0.1/callback?x=1",
            "http://127.0.0.1/callback#x", "http://a@127.0.0.1/callback",
            "http://127.0.0.1.example.org/callback", "javascript:alert(1)", "",
        ])
    func redirectsAreListed(address: String) async throws {
        try await withSimulator { browser async throws in
            let query = login(["redirect": address, "account": person.account])
            #expect(try await browser.get("/login", query).status == 400)
            #expect(try await browser.get("/login/scan", query).status == 400)
            let posted = try await browser.post("/login/scan", form: query)
            #expect(posted.status == 400)
            #expect(posted.location == nil)
        }
    }

    @Test(
        "What is malformed is refused",
        arguments: ["", "POSTPARAM_JSON=", "POSTPARAM_JSON=%7B", "a=b", "%%%", "POSTPARAM_JSON=[]"])
    func malformedExchange(body: String) async throws {
        try await withSimulator { browser async throws in
            #expect(try await browser.post("/exchange", body: body).status == 400)
        }
    }

    @Test("A state is needed and bounded; an unknown client is shown nothing; bodies are bounded")
    func bounds() async throws {
        try await withSimulator { browser async throws in
            #expect(try await browser.get("/login", login(["state": ""])).status == 400)
            let long = String(repeating: "s", count: Simulator.mostStateBytes + 1)
            #expect(try await browser.get("/login", login(["state": long])).status == 400)
            #expect(try await browser.get("/login", login(["client_id": "x"])).status == 400)
            let big = String(repeating: "x", count: Simulator.mostBodyBytes + 1)
            #expect(try await browser.post("/exchange", body: big).status == 413)
        }
    }

    @Test("Every page says that it is a demonstration; health is told")
    func pagesAreHonest() async throws {
        try await withSimulator { browser async throws in
            let pages = [
                try await browser.get("/"), try await browser.get("/login", login()),
                try await browser.get("/login/scan", login()), try await browser.get("/login"),
            ]
            for page in pages {
                #expect(page.text.contains("仅供开发演示"))
                #expect(page.text.contains("<html lang=\"zh-CN\">"))
            }
            #expect(try await browser.get("/healthz").status == 200)
            #expect(try await browser.get("/nothing").status == 404)
        }
    }
}
