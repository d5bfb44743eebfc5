import Foundation
import Testing

@testable import zhicheng

@Suite("The browser's side of a login")
struct BrowserTests {
    @Test("The listener takes the ticket of the right state, and answers other visits with 404")
    func ticket() async throws {
        let listener = try LoopbackListener()
        async let ticket = listener.proof("ticket", state: "s1", within: .seconds(60))
        // The listener's task may begin late on a busy machine.
        let browser = PlainBrowser(patience: 60)
        let other = try await browser.get(
            listener.callback.replacingOccurrences(of: "callback", with: "favicon.ico"))
        #expect(other.status == 404)
        let wrong = try await browser.get(listener.callback + "?ticket=t&state=s2")
        #expect(wrong.status == 404)
        let right = try await browser.get(listener.callback + "?ticket=t%2B1&state=s1")
        #expect(right.status == 200)
        #expect(try await ticket == "t+1")
    }

    @Test("Nobody comes: it says so after the limit")
    func limit() async throws {
        let listener = try LoopbackListener()
        await #expect(throws: SocketFault.self) {
            _ = try await listener.proof("code", state: "s", within: .milliseconds(300))
        }
    }

    @Test(
        "What is no callback has no ticket",
        arguments: [
            "", "GET", "GET /callback HTTP/1.1\r\n\r\n",
            "POST /callback?ticket=t&state=s HTTP/1.1\r\n\r\n",
            "GET /other?ticket=t&state=s HTTP/1.1\r\n\r\n",
            "GET /callback?ticket=t HTTP/1.1\r\n\r\n",
        ])
    func heads(head: String) {
        #expect(LoopbackListener.proof("ticket", head: head, state: "s") == nil)
    }

    @Test("A code is no ticket")
    func codes() {
        let head = "GET /callback?code=c&state=s HTTP/1.1\r\n\r\n"
        #expect(LoopbackListener.proof("ticket", head: head, state: "s") == nil)
        #expect(LoopbackListener.proof("code", head: head, state: "s") == "c")
    }
}
