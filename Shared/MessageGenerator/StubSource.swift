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
                let kind = method.kind == "unary" ? "" : ", kind: .\(method.kind)"
                source.line(
                    "static let \(escaped(lowerFirst(method.name))) = RPCMethod(\"\(method.fullName)\"\(readOnly)\(kind))"
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
            source.line()
            source.comment(method.comment)
            source.block("\(clientSignature(method)) {") { source in
                let name = "\(service.name)Method.\(escaped(lowerFirst(method.name))).method"
                let options =
                    "options: \(method.isReadOnly ? "options" : "options.withIdempotencyKey()")"
                switch method.kind {
                case "unary":
                    source.line("try await channel.unary(\(name), request, \(options))")
                case "serverStream":
                    source.line("channel.serverStream(\(name), request, \(options))")
                case "clientStream":
                    source.line("try await channel.clientStream(\(name), \(options), write)")
                default:
                    source.line("try await channel.bidirectional(\(name), \(options), body)")
                }
            }
        }
    }
}

private func clientSignature(_ method: Method) -> String {
    let name = escaped(lowerFirst(method.name))
    let (input, output) = (swiftType(method.input), swiftType(method.output))
    let options = "options: CallOptions = CallOptions()"
    return switch method.kind {
    case "unary":
        "public func \(name)(_ request: \(input), \(options)) async throws(RPCError) -> \(output)"
    case "serverStream":
        "public func \(name)(_ request: \(input), \(options)) -> ReplyStream<\(output)>"
    case "clientStream":
        "public func \(name)(\(options), _ write: (RequestWriter<\(input)>) async throws -> Void) async throws -> \(output)"
    default:
        "public func \(name)<Outcome>(\(options), _ body: (RequestWriter<\(input)>, ReplyStream<\(output)>) async throws -> Outcome) async throws -> Outcome"
    }
}

/// The parameters of a handler but the context, each with what a call passes for it, and what it returns.
private func handlerShape(
    _ method: Method
) -> (parameters: [(label: String, name: String, type: String)], result: String) {
    let (input, output) = (swiftType(method.input), swiftType(method.output))
    var parameters: [(String, String, String)] = [
        method.requestsStream
            ? ("_ ", "requests", "RequestStream<\(input)>") : ("_ ", "request", input)
    ]
    if method.repliesStream { parameters.append(("", "replies", "ReplyWriter<\(output)>")) }
    return (parameters, method.repliesStream ? "Void" : output)
}

private func writeProvider(_ service: ServiceType, into source: inout SourceWriter) {
    source.comment(service.comment.isEmpty ? ["`\(service.fullName)`"] : service.comment)
    source.line("///")
    source.line("/// Implemented by the service; `register(in:)` puts it behind a server.")
    source.block("package protocol \(service.name)Provider: Sendable {") { source in
        for method in service.methods {
            source.comment(method.comment)
            let (parameters, result) = handlerShape(method)
            let list = parameters.map { "\($0.label)\($0.name): \($0.type), " }.joined()
            let arrow = method.repliesStream ? "" : " -> \(result)"
            source.line(
                "func \(escaped(lowerFirst(method.name)))(\(list)context: RequestContext) async throws\(arrow)"
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
                let (parameters, result) = handlerShape(method)
                let list = parameters.map { "\($0.name): \($0.type), " }.joined()
                let passed = parameters.enumerated().map { index, parameter in
                    index == 0 ? "\(parameter.name), " : "\(parameter.name): \(parameter.name), "
                }.joined()
                source.block(
                    "routes.\(method.kind)(\(space).\(service.name)Method.\(name).method) { (\(list)context: RequestContext) async throws -> \(result) in"
                ) {
                    $0.line("try await self.\(name)(\(passed)context: context)")
                }
            }
        }
    }
}
