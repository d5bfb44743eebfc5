import Testing

@testable import ServiceRuntime

@Suite("Ids of objects")
struct RandomIDTests {
    @Test("32 hexadecimal digits, none twice, later ones never before earlier ones")
    func ids() {
        let ids = (0..<2_000).map { _ in randomID() }
        #expect(Set(ids).count == ids.count)
        for id in ids {
            #expect(id.utf8.count == 32)
            #expect(id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        }
        let times = ids.map { $0.prefix(12) }
        #expect(times == times.sorted())
    }
}
