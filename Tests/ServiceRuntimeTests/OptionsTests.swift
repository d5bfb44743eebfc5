import ServiceRuntime
import Testing

@Suite("Addresses on the command line")
struct OptionsTests {
    @Test(
        "Hosts, ports and IPv6",
        arguments: [
            ("127.0.0.1:7004", "127.0.0.1", 7004, true), ("localhost:0", "localhost", 0, true),
            ("[::1]:7004", "::1", 7004, true), ("0.0.0.0:65535", "0.0.0.0", 65535, false),
            ("quota-service:7004", "quota-service", 7004, false),
        ])
    func wellFormed(text: String, host: String, port: Int, isLoopback: Bool) throws {
        let endpoint = try Endpoint(parsing: text)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.isLoopback == isLoopback)
        #expect("\(endpoint)" == text)
    }

    @Test(
        "What is no address says so",
        arguments: ["", "7004", ":7004", "localhost:", "localhost:65536", "localhost:-1", "a:b"])
    func malformed(text: String) {
        #expect(throws: ConfigurationError.self) { try Endpoint(parsing: text) }
    }
}
