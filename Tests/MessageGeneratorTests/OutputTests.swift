import Foundation
import Testing

@Suite("Generated code", .enabled("needs protoc and protoc-c") { Generator.hasCompilers })
struct OutputTests {
    @Test("The committed code is what the schema gives")
    func committed() throws {
        let plugin = try #require(Generator.plugin)
        let (status, output) = try Generator.run(
            [Generator.root.appendingPathComponent("Scripts/generate").path, "--check"],
            environment: ["GENERATOR": plugin.path])
        #expect(status == 0, "\(output)")
    }

    @Test("protoc-c sees bytes for strings, numbers for enums, and presence as a oneof")
    func derived() throws {
        let files = try Generator.generate(
            "derive",
            """
            // A comment.
            message Outer {
              string text = 1;
              optional bool flag = 2;
              oneof choice { string left = 3; Inner right = 4; }
              enum Kind { KIND_NONE = 0; }
              repeated Kind kinds = 5;
              repeated sint64 numbers = 6;
            }
            message Inner { bytes int = 1; }
            service S { rpc Get(Outer) returns (Outer); }
            """
        ).files
        #expect(
            files["test.proto"] == """
                syntax = "proto3";
                package test.v1;
                message Outer {
                    bytes text = 1;
                    oneof has_flag { bool flag = 2; }
                    repeated int32 kinds = 5 [packed = true];
                    repeated sint64 numbers = 6 [packed = true];
                    oneof choice {
                        bytes left = 3;
                        .test.v1.Inner right = 4;
                    }
                }
                message Inner {
                    bytes int_ = 1;
                }

                """)
    }

    @Test("Values carry comments, Swift's names, and numbers that the schema does not name")
    func values() throws {
        let files = try Generator.generate(
            "messages",
            """
            // Which way.
            enum Way { WAY_IN = 0; WAY_OUT = 1; }
            // What a person is.
            message Person {
              string record_id = 1;  // 编号
              Way in = 2;
              optional int32 at_ms = 3;
              repeated Way default = 4;
              oneof proof { string letter = 5; bytes scan = 6; }
            }
            """
        ).files
        #expect(files.keys.sorted() == ["Namespaces.swift", "test+Bridge.swift", "test.swift"])
        let text = try #require(files["test.swift"])
        for piece in [
            "/// Which way.", "/// What a person is.", "/// 编号", "public var recordID: String",
            "public var `in`: Test.Way", "public var atMs: Int32?",
            "public var `default`: [Test.Way]", "public var proof: Proof?", "case letter(String)",
            "case scan([UInt8])", "case `in`", "case unrecognized(Int32)",
            "public init(recordID: String = \"\", in: Test.Way = Test.Way(rawValue: 0), atMs: Int32? = nil, default: [Test.Way] = [], proof: Proof? = nil) {",
        ] {
            #expect(text.contains(piece))
        }
        let bridge = try #require(files["test+Bridge.swift"])
        for piece in [
            "extension Test.Person: @unsafe BridgedMessage {", "arena.enums(self.default)",
            "default: decodedEnums(c.pointee.default_, c.pointee.n_default_)",
            "proofValue = .letter(try unsafe decodedText(c.pointee.letter))",
            "proofValue = .scan(unsafe decodedBytes(c.pointee.scan))",
        ] {
            #expect(bridge.contains(piece))
        }
    }

    @Test("Stubs know which methods change data")
    func stubs() throws {
        let files = try Generator.generate(
            "stubs",
            """
            message A {}
            // Keeps things.
            service Store {
              // Reads one.
              rpc Get(A) returns (A) { option idempotency_level = NO_SIDE_EFFECTS; }
              rpc Put(A) returns (A);
            }
            """
        ).files
        #expect(files.keys.sorted() == ["test+Stubs.swift"])
        let text = try #require(files["test+Stubs.swift"])
        for piece in [
            "/// Keeps things.", "/// Reads one.", "case get = \"test.v1.Store/Get\"",
            "static let get = RPCMethod(\"test.v1.Store/Get\", readOnly: true)",
            "static let put = RPCMethod(\"test.v1.Store/Put\")",
            "StoreMethod.get.method, request, options: options)",
            "StoreMethod.put.method, request, options: options.withIdempotencyKey())",
        ] {
            #expect(text.contains(piece))
        }
    }

    @Test("The order of the files does not matter")
    func order() throws {
        let one = "syntax = \"proto3\"; package one.v1; message A {}"
        let two =
            "syntax = \"proto3\"; package two.v1; import \"one.proto\"; message B { one.v1.A a = 1; }"
        let files = try Generator.generate("tests", ["one.proto": one, "two.proto": two]).files
        #expect(files["AllMessages.swift"]?.contains("    One.A.self,\n    Two.B.self,\n") == true)
    }
}
