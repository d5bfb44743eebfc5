import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceRuntime

/// One HTTP/1.1 POST of a form over a connection of its own, with a bound on time and on the answer.
struct HTTPPost: Sendable {
    /// From connecting to the answer's last byte.
    var timeout: TimeAmount = .seconds(5)
    /// The largest body that is taken.
    static let largestBody = JSONValue.longest

    /// The status and the body of an answer.
    struct Reply: Sendable {
        var status: Int
        var body: [UInt8]
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// Posts the form to `path` below the address.
    /// - Parameter authorization: the header of that name; printable ASCII.
    /// - Throws: `unreachable` when there is no whole answer in time, `malformed` when it is too large.
    func callAsFunction(
        _ address: HTTPAddress, path: String, form: String, authorization: String? = nil
    ) async throws(ProviderError) -> Reply {
        do {
            let connection = try await connect(address)
            return try await exchange(
                connection, address, path: path, form: form, authorization: authorization)
        } catch let error as ProviderError {
            throw error
        } catch {
            throw ProviderError(
                .unreachable, "\(address.host):\(address.effectivePort) did not answer: \(error)")
        }
    }

    private func connect(_ address: HTTPAddress) async throws -> Connection {
        let host =
            address.host.hasPrefix("[") ? String(address.host.dropFirst().dropLast()) : address.host
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(timeout)
            .connect(host: host, port: address.effectivePort) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }

    private func exchange(
        _ connection: Connection, _ address: HTTPAddress, path: String, form: String,
        authorization: String?
    ) async throws -> Reply {
        let channel = connection.channel
        // Closing ends the loop below, with whatever is missing.
        let watch = channel.eventLoop.scheduleTask(in: timeout) {
            channel.close(promise: nil)
        }
        defer { watch.cancel() }
        return try await connection.executeThenClose { inbound, outbound in
            var headers: HTTPHeaders = [
                "Host": "\(address.host):\(address.effectivePort)",
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": "\(form.utf8.count)", "Accept": "application/json",
                "Connection": "close",
            ]
            if let authorization { headers.add(name: "Authorization", value: authorization) }
            try await outbound.write(
                .head(
                    HTTPRequestHead(
                        version: .http1_1, method: .POST, uri: address.path + path,
                        headers: headers)))
            try await outbound.write(.body(.byteBuffer(ByteBuffer(string: form))))
            try await outbound.write(.end(nil))
            return try await Self.reply(inbound)
        }
    }

    private static func reply(
        _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>
    ) async throws -> Reply {
        var status: Int?
        var body: [UInt8] = []
        for try await part in inbound {
            switch part {
            case .head(let head): status = Int(head.status.code)
            case .body(let buffer):
                guard body.count + buffer.readableBytes <= largestBody else {
                    throw ProviderError(.malformed, "an answer of more than \(largestBody) bytes")
                }
                body.append(contentsOf: buffer.readableBytesView)
            case .end:
                guard let status else { break }
                return Reply(status: status, body: body)
            }
        }
        throw ProviderError(.unreachable, "the connection ended before the answer")
    }
}
