import Glibc

/// `protoc-gen-zhicheng`: protoc's plugin that makes the project's Swift from `.proto` files.
///
/// The parameter says what is made: `derive` (the `.proto` files that protoc-c sees), `messages`
/// (values and their bridge), `stubs` (clients and server protocols), `tests` (random values).
@main
enum ZhichengPlugin {
    static func main() {
        do throws(SchemaRefusal) {
            let request = try PluginRequest(decoding: standardInput())
            let outcome: Result<[GeneratedFile], SchemaRefusal>
            do throws(SchemaRefusal) {
                outcome = .success(try generate(request))
            } catch {
                outcome = .failure(error)
            }
            writeToStandardOutput(pluginResponse(outcome))
        } catch {
            // A schema that cannot even be read is reported the way protoc expects refusals.
            writeToStandardOutput(pluginResponse(.failure(error)))
        }
    }

    private static func generate(
        _ request: PluginRequest
    ) throws(SchemaRefusal) -> [GeneratedFile] {
        let schema = request.schema
        try SchemaChecks(schema).run()
        switch request.parameter {
        case "derive": return schema.files.map { derivedProto($0) }
        case "messages": return messageFiles(schema)
        case "stubs": return schema.files.compactMap { stubFile($0) }
        case "tests": return testFiles(schema)
        default:
            throw SchemaRefusal(
                "parameter",
                "“\(request.parameter)” is none of derive, messages, stubs, tests")
        }
    }

    private static func standardInput() -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe read(STDIN_FILENO, &chunk, chunk.count)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    private static func writeToStandardOutput(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe write(STDOUT_FILENO, buffer.baseAddress, buffer.count)
            }
            // protoc has gone away; it says why itself.
            guard count > 0 else { exit(1) }
            rest = rest.dropFirst(count)
        }
    }
}
