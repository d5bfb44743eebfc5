/// A `.proto` file's services in `Shared/ServiceStubs/Generated`; nil without services.
func stubFile(_ file: ProtoFile) -> GeneratedFile? {
    guard !file.services.isEmpty else { return nil }
    var source = SourceWriter(header: "proto/\(file.name)")
    source.line("public import Messages")
    source.line("public import RPC")
    let space = namespace(ofPackage: file.package)
    for service in file.services {
        source.line()
        source.block("extension \(space) {") { source in
            writeMethods(service, into: &source)
            source.line()
            writeClient(service, into: &source)
            source.line()
            writeProvider(service, into: &source)
        }
        source.line()
        writeRegistration(service, space, into: &source)
    }
    return GeneratedFile(name: "\(file.stem)+Stubs.swift", content: source.text)
}

private func writeMethods(_ service: ServiceType, into source: inout SourceWriter) {
    source.comment(["The methods of `\(service.fullName)`."])
    source.block("public enum \(service.name)Method: String, CaseIterable, Sendable {") { source in
        for method in service.methods {
            source.comment(method.comment)
            source.line("case \(escaped(lowerFirst(method.name))) = \"\(method.fullName)\"")
        }
        source.line()
        source.line("/// The method as channels and servers know it.")
        source.block("public var method: RPCMethod {") { source in
            source.block("switch self {") { source in
                for method in service.methods {
                    let name = escaped(lowerFirst(method.name))
                    source.line("case .\(name): Known.\(name)")
                }
            }
        }
        source.line()
        source.line("/// Made once: a method's id is a hash of its name.")
        source.block("private enum Known {") { source in
            for method in service.methods {
                let readOnly = method.isReadOnly ? ", readOnly: true" : ""
                source.line(
                    "static let \(escaped(lowerFirst(method.name))) = RPCMethod(\"\(method.fullName)\"\(readOnly))"
                )
            }
        }
    }
}

private func writeClient(_ service: ServiceType, into source: inout SourceWriter) {
    source.comment(service.comment.isEmpty ? ["`\(service.fullName)`"] : service.comment)
    source.line("///")
    source.line("/// Calls that change data get an idempotency key unless the options have one.")
    source.block("public struct \(service.name)Client: Sendable {") { source in
        source.line("private let channel: any RPCChannel")
        source.line()
        source.line("/// Calls travel over the channel; closing it stays with its owner.")
        source.line("public init(_ channel: any RPCChannel) { self.channel = channel }")
        for method in service.methods {
            let name = lowerFirst(method.name)
            source.line()
            source.comment(method.comment)
            source.block(
                "public func \(escaped(name))(_ request: \(swiftType(method.input)), options: CallOptions = CallOptions()) async throws(RPCError) -> \(swiftType(method.output)) {"
            ) { source in
                let options = method.isReadOnly ? "options" : "options.withIdempotencyKey()"
                source.line(
                    "try await channel.unary(\(service.name)Method.\(escaped(name)).method, request, options: \(options))"
                )
            }
        }
    }
}

private func writeProvider(_ service: ServiceType, into source: inout SourceWriter) {
    source.comment(service.comment.isEmpty ? ["`\(service.fullName)`"] : service.comment)
    source.line("///")
    source.line("/// Implemented by the service; `register(in:)` puts it behind a server.")
    source.block("package protocol \(service.name)Provider: Sendable {") { source in
        for method in service.methods {
            source.comment(method.comment)
            source.line(
                "func \(escaped(lowerFirst(method.name)))(_ request: \(swiftType(method.input)), context: RequestContext) async throws -> \(swiftType(method.output))"
            )
        }
    }
}

private func writeRegistration(
    _ service: ServiceType, _ space: String, into source: inout SourceWriter
) {
    source.block("extension \(space).\(service.name)Provider {") { source in
        source.line("/// Adds every method of the service to the routes.")
        source.block("package func register(in routes: inout RouteTable) {") { source in
            for method in service.methods {
                let name = escaped(lowerFirst(method.name))
                source.block(
                    "routes.unary(\(space).\(service.name)Method.\(name).method) { (request: \(swiftType(method.input)), context: RequestContext) async throws -> \(swiftType(method.output)) in"
                ) {
                    $0.line("try await self.\(name)(request, context: context)")
                }
            }
        }
    }
}
