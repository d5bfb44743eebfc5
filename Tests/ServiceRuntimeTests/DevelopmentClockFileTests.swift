import Domain
import Foundation
import ServiceRuntime
import TestSupport
import Testing

@Suite("A development clock that is kept")
struct DevelopmentClockFileTests {
    private static let start = "2022-04-19T09:00+08:00"
    private static let day: Int64 = 86_400_000

    /// A machine's clock that stands.
    private struct Machine: WallClock {
        let milliseconds: Int64

        func now() -> Timestamp { Timestamp(milliseconds: milliseconds) }
    }

    @Test("After a new start it goes on from where it was moved to, with the time that went by")
    func goesOn() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/identity.db.clock"
        let first = try DevelopmentClock(startingAt: Self.start)
        let began = first.now()
        let file = DevelopmentClockFile(path: path, machine: Machine(milliseconds: 1_000))
        try file.resume(first)
        #expect(first.now().milliseconds - began.milliseconds < Self.day)
        first.advance(by: .milliseconds(20 * Self.day))
        try file.keep(first)

        let later = DevelopmentClockFile(
            path: path, machine: Machine(milliseconds: 1_000 + Self.day))
        let second = try DevelopmentClock(startingAt: Self.start)
        try later.resume(second)
        #expect(second.now().milliseconds >= first.now().milliseconds + Self.day - 60_000)
        #expect(second.now().milliseconds < first.now().milliseconds + Self.day + 60_000)
    }

    @Test(
        "It does not go back, nor anywhere that a file says which is none of its own",
        arguments: [
            "-99999999999", "", "soon", "9223372036854775807", "-9223372036854775808",
        ])
    func staysForward(text: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/identity.db.clock"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let clock = try DevelopmentClock(startingAt: Self.start)
        let before = clock.now()
        try DevelopmentClockFile(path: path, machine: Machine(milliseconds: before.milliseconds))
            .resume(clock)
        #expect((0..<60_000).contains(clock.now().milliseconds - before.milliseconds))
    }

    @Test("A folder that is not there is said")
    func unwritable() throws {
        let clock = try DevelopmentClock(startingAt: Self.start)
        let file = DevelopmentClockFile(path: "/nowhere/identity.db.clock")
        let error = #expect(throws: ConfigurationError.self) { try file.resume(clock) }
        #expect(error?.description.contains("/nowhere/identity.db.clock") == true)
    }
}
