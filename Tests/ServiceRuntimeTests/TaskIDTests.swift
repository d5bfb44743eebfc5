import ServiceRuntime
import Testing

@Suite struct TaskIDTests {
    @Test(arguments: ["archive:a:1", "archive:0123-é:9223372036854775807"])
    func whatIsWrittenIsRead(text: String) throws {
        let id = try #require(TaskID(text, of: "archive"))
        #expect(id.text == text)
        #expect(id == TaskID(source: "archive", object: id.object, round: id.round))
    }

    @Test(arguments: [
        "", "archive", "archive:", "archive:a", "archive::1", "archive:a:", "archive:a:0",
        "archive:a:01", "archive:a:+1", "archive:a:-1", "archive:a:1:2", "archive:a:x",
        "archive:a:9223372036854775808", "archives:a:1", "archiv:a:1", "identity:a:1",
        "archive:\(String(repeating: "a", count: 100)):1",
    ])
    func nothingElseIsOne(text: String) {
        #expect(TaskID(text, of: "archive") == nil)
    }
}
