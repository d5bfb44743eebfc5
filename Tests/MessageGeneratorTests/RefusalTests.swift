import Testing

/// What a schema must not be, each with the words that its author reads.
@Suite("Refused schemas", .enabled("needs protoc and protoc-c") { Generator.hasCompilers })
struct RefusalTests {
    @Test(
        "Names the place and the reason",
        arguments: [
            // libprotobuf-c reads recursively without a limit.
            (
                "message A { A a = 1; }",
                "test.v1.A: recursive message types are not supported: test.v1.A → test.v1.A"
            ),
            (
                "message A { oneof x { B b = 1; } } message B { repeated C c = 1; } message C { A a = 1; }",
                "test.v1.A → test.v1.B → test.v1.C → test.v1.A"
            ),
            // FNV-1a-32 of the methods' names.
            (
                "message A {} service Collide { rpc Mnwgotcy(A) returns (A); rpc Mhjdhepf(A) returns (A); }",
                "Collide/Mhjdhepf: the method's id is that of test.v1.Collide/Mnwgotcy: 2123773539"
            ),
            (
                "message A {} service Collide { rpc Zfbtsztaa(A) returns (A); }",
                "test.v1.Collide/Zfbtsztaa: the method's id is 0, which means none"
            ),
            (
                "message A { map<string, string> a = 1; }",
                "test.v1.A: maps are not supported; use a repeated message"
            ),
            (
                "message A { message B {} }",
                "test.v1.A: messages are not declared within messages here; move it out of this one"
            ),
            // Names that Swift or C could not tell apart.
            (
                "message A { string hash = 1; }",
                "test.v1.A: two members have the name hash, or the name is taken"
            ),
            ("message A { string a_b = 1; oneof aB { string c = 2; } }", "the name aB"),
            ("message A { optional string x = 1; string has_x = 2; }", "the name has_x"),
            ("message A { repeated string x = 1; string n_x = 2; }", "the name n_x"),
            ("enum E { E_UNRECOGNIZED = 0; }", "test.v1.E: two members have the name unrecognized"),
            ("message Optional {}", "test.v1.Optional: the type's name is taken: Optional"),
            ("message Test {}", "test.v1.Test: the type's name is taken: Test"),
            (
                "message SClient {} service S { rpc M(SClient) returns (SClient); }",
                "test.v1.SClient: has the name of a stub of service test.v1.S"
            ),
        ])
    func refusal(body: String, expected: String) throws {
        for parameter in ["derive", "messages", "stubs", "tests"] {
            let refusal = try #require(try Generator.generate(parameter, body).refusal)
            #expect(refusal.contains(expected))
        }
    }

    @Test("Nesting is at most 16 deep", arguments: [16, 17])
    func depth(messages: Int) throws {
        let body = (1..<messages).map { "message M\($0) { M\($0 + 1) inner = 1; }" }
        let outcome = try Generator.generate(
            "derive", (body + ["message M\(messages) {}"]).joined(separator: "\n"))
        if messages == 16 {
            #expect(outcome.refusal == nil)
        } else {
            let refusal = try #require(outcome.refusal)
            #expect(refusal.contains("messages are nested 17 deep, and at most 16 is allowed"))
        }
    }

    @Test(
        "Whole files",
        arguments: [
            ("syntax = \"proto2\"; package test.v1;", "only proto3 is supported"),
            ("syntax = \"proto3\";", "a package is needed"),
        ])
    func files(text: String, expected: String) throws {
        let refusal = try Generator.generate("derive", ["test.proto": text]).refusal
        #expect(try #require(refusal).contains(expected))
    }

    @Test("An unknown kind of output")
    func unknownParameter() throws {
        let refusal = try Generator.generate("python", "message A {}").refusal
        #expect(
            try #require(refusal).contains("“python” is none of derive, messages, stubs, tests"))
    }
}
