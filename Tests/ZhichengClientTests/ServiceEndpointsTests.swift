import Testing
import ZhichengClient

@Suite("Where services are")
struct ServiceEndpointsTests {
    @Test(
        "Addresses are read as they are written",
        arguments: ["127.0.0.1:7001", "localhost:1", "[::1]:65535", "identity-service:7001"])
    func reads(text: String) throws {
        #expect(try #require(ServiceAddress(text)).description == text)
    }

    @Test(
        "What is no address is none",
        arguments: ["", "7001", ":7001", "host:", "host:0", "host:65536", "host:-1", "host:x"])
    func refuses(text: String) {
        #expect(ServiceAddress(text) == nil)
    }

    @Test("Services follow the port of identity-service")
    func basePort() {
        let standard = ServiceEndpoints()
        let moved = ServiceEndpoints(basePort: 8_101)
        #expect(standard[.identity].port == 7_001 && standard[.tasks].port == 7_005)
        #expect(moved[.identity].port == 8_101 && moved[.tasks].port == 8_105)
    }
}
