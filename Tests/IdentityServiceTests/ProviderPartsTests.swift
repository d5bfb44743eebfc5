import ServiceRuntime
import Testing

@testable import IdentityService

@Suite struct JSONValueTests {
    @Test(arguments: [
        #"{"a":"b"}"#, #"[1,-2.5e3,true,false,null]"#, #"{}"#, #"[]"#, #""é\u0001""#,
        #"{"x":{"y":[{"z":""}]}}"#,
    ])
    func readsWhatItWrites(_ text: String) throws {
        let value = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(value.text == text)
        #expect(JSONValue(parsing: Array(value.text.utf8)) == value)
    }

    @Test func readsEscapes() throws {
        let text = #" { "s" : "\"\\\/\b\f\n\r\t\u4e2d\ud83d\ude00" } "#
        let value = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(value["s"]?.string == "\"\\/\u{8}\u{C}\n\r\t中😀")
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "\"", "\"\\x\"", "\"\\u12\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "01x", "+1", "--1", "tru", "nullx",
        "1 2", "{\"a\":1,\"a\":2}", "\"\n\"", "\"\\u+123\"",
    ])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect(JSONValue(parsing: Array(text.utf8)) == nil)
    }

    @Test func everyPrefixIsRefusedWithoutACrash() {
        let bytes = Array(
            #"{"success":true,"unit":{"name":"福州\u4e00","n":[1.5,null,"\ud83d\ude00"]}}"#.utf8)
        #expect(JSONValue(parsing: bytes) != nil)
        for end in 0..<bytes.count {
            #expect(JSONValue(parsing: Array(bytes[..<end])) == nil)
        }
    }

    @Test func boundsHold() {
        let deep = String(repeating: "[", count: 17) + String(repeating: "]", count: 17)
        #expect(JSONValue(parsing: Array(deep.dropFirst().dropLast().utf8)) != nil)
        #expect(JSONValue(parsing: Array(("[" + deep + "]").utf8)) == nil)
        let long = "\"" + String(repeating: "a", count: JSONValue.longest - 2) + "\""
        #expect(JSONValue(parsing: Array(long.utf8)) != nil)
        #expect(JSONValue(parsing: Array((long + " ").utf8)) == nil)
        #expect(JSONValue(parsing: [0x22, 0xFF, 0x22]) == nil)
    }
}

@Suite struct HTTPAddressTests {
    @Test func parts() throws {
        let address = try #require(HTTPAddress("http://127.0.0.1:7100/base"))
        #expect(address.host == "127.0.0.1" && address.effectivePort == 7100)
        #expect(address.path == "/base" && address.isLoopback && !address.isSecure)
        #expect(HTTPAddress("https://Example.org")?.effectivePort == 443)
        #expect(HTTPAddress("http://[::1]/x")?.isLoopback == true)
        #expect("\(address)" == "http://127.0.0.1:7100/base")
    }

    @Test(arguments: [
        "", "ftp://a/b", "http://", "http:///x", "http://a:0/", "http://a:70000/", "http://a b/",
        "http://u@a/", "http://a/?q", "http://a/#f", "http://a\\b/", "javascript:alert(1)",
        "http://a:/", "//a/b", "http://ä/",
    ])
    func refused(_ text: String) {
        #expect(HTTPAddress(text) == nil)
    }

    private let list = CallbackList(
        ["http://127.0.0.1/callback", "https://zc.example.org/signed-in"].compactMap(
            HTTPAddress.init))

    @Test(arguments: [
        ("http://127.0.0.1/callback", true), ("http://127.0.0.1:40123/callback", true),
        ("https://zc.example.org/signed-in", true), ("https://zc.example.org:443/signed-in", true),
        ("https://zc.example.org:444/signed-in", false), ("http://zc.example.org/signed-in", false),
        ("https://zc.example.org/signed-in/", false),
        ("https://zc.example.org.evil.com/signed-in", false),
        ("http://127.0.0.1.evil.com/callback", false), ("http://127.0.0.1/callback?x=1", false),
        ("http://evil@127.0.0.1/callback", false), ("https://127.0.0.1/callback", false),
        ("http://localhost/callback", false), ("", false),
    ])
    func callbacks(_ address: String, _ isAllowed: Bool) {
        #expect(list.allows(address) == isAllowed)
    }
}

@Suite struct ContactFormatTests {
    @Test(arguments: [
        ("13900000001", true), ("19912345678", true), ("12900000001", false),
        ("1390000000", false), ("139000000012", false), ("１3900000001", false), ("", false),
    ])
    func mobiles(_ text: String, _ isFit: Bool) {
        #expect(FormCheck.isMobile(text) == isFit)
    }

    @Test(arguments: [
        ("0591-87654321", true), ("010-8765432", true), ("0591-87654321-123", true),
        ("591-87654321", false), ("0591-876543", false), ("0591", false), ("0591-87654321-", false),
    ])
    func fixedLines(_ text: String, _ isFit: Bool) {
        #expect(FormCheck.isFixedLine(text) == isFit)
    }

    @Test(arguments: [
        ("a@b.cn", true), ("first.last+x@mail.example.org", true), ("a@b", false), ("@b.cn", false),
        ("a@@b.cn", false), ("a b@c.cn", false), ("a@-b.cn", false), ("a..b@c.cn", false),
        ("a@b..cn", false), (".a@b.cn", false), ("a.@b.cn", false), ("中@b.cn", false),
    ])
    func emails(_ text: String, _ isFit: Bool) {
        #expect(FormCheck.isEmail(text) == isFit)
    }

    @Test func initialPasswordsKeepThePolicy() {
        var generator = SystemRandomNumberGenerator()
        var seen: Set<String> = []
        for _ in 0..<100 {
            let password = PasswordPolicy.initial(using: &generator)
            #expect(password.count == 16)
            #expect(PasswordPolicy.fault(password, account: "zc-unit") == nil)
            #expect(seen.insert(password).inserted)
        }
    }

    @Test(arguments: [
        ("Short1!", false), ("longbutlower", false), ("Longer-Phrase", true), ("Abcdefg1", true),
        ("abcdefg1", false), ("Fuzhou-Unit1", false), ("Tab\tTab1", false),
    ])
    func passwordPolicy(_ password: String, _ isFit: Bool) {
        #expect((PasswordPolicy.fault(password, account: "fuzhou") == nil) == isFit)
    }
}

@Suite struct TaskIDTests {
    @Test func travelsAsText() {
        let id = TaskID(registration: "0af3", round: 12)
        #expect(id.text == "identity:0af3:12")
        #expect(TaskID(id.text) == id)
    }

    @Test(arguments: [
        "", "identity", "identity:a", "identity::1", "archive:a:1", "identity:a:0", "identity:a:01",
        "identity:a:+1", "identity:a:1:2", "identity:a:x",
    ])
    func refusesOthers(_ text: String) {
        #expect(TaskID(text) == nil)
    }
}
