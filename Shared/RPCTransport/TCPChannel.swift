public import Logging
public import MessageCoding
import NIOCore
import NIOPosix
public import RPC
public import ServiceLifecycle

/// Calls one service over TCP: many calls at once over one connection, which is made when the first
/// call needs it and made again when it was lost.
///
/// A call that finds no connection waits for one until its time is up. `run` is not needed, but a
/// channel that does not run must be closed.
public final class TCPChannel: RPCChannel, Service {
    private let core: NIOLoopBoundBox<ChannelCore>
    private let loopExecutor: LoopExecutor
    private let defaultTimeoutNanoseconds: Int64
    private let streamWindow: Int

    /// - Parameters:
    ///   - host: a name or an address. Whether it exists is seen when the first call is made.
    ///   - logger: gets what happens to the connection; nothing of the calls.
    public init(host: String, port: Int, configuration: ChannelConfiguration, logger: Logger) {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        loopExecutor = LoopExecutor(eventLoop: eventLoop)
        core = .makeBoxSendingValue(
            ChannelCore(
                host: host, port: port, configuration: configuration, logger: logger,
                executor: loopExecutor), as: ChannelCore.self,
            eventLoop: eventLoop)
        defaultTimeoutNanoseconds = configuration.defaultTimeout.wholeNanoseconds
        streamWindow = configuration.limits.streamWindow
    }

    deinit {
        core.execute { $0.close() }
    }

    /// Where the channel's work is done. Tasks that prefer it make calls without a change of threads:
    /// worth it for many small calls. Code that runs there must not block.
    public var executor: any TaskExecutor { loopExecutor }

    /// Keeps the channel until a graceful shutdown or until the task is cancelled, then closes it.
    public func run() async throws {
        // Throws only when the task is cancelled, which ends it just the same.
        try? await gracefulShutdown()
        await close()
    }

    /// Ends the connection and all calls. Calls made afterwards fail.
    public func close() async {
        await withCheckedContinuation { continuation in
            core.execute { core in
                core.close()
                continuation.resume()
            }
        }
    }

    public func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        do throws(RPCError) {
            let outgoing = try OutgoingCall(
                method, options: options, defaultTimeoutNanoseconds: defaultTimeoutNanoseconds,
                now: .now)
            let call = PendingCall(outgoing, request)
            let bytes = try await answer(to: call).get()
            do throws(MessageFault) {
                return try Self.reply(bytes)
            } catch {
                throw RPCError.unreadableReply(error)
            }
        } catch {
            var named = error
            named.method = method.name
            throw named
        }
    }

    public func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        let outgoing: OutgoingCall
        do throws(RPCError) {
            outgoing = try OutgoingCall(
                method, options: options, defaultTimeoutNanoseconds: defaultTimeoutNanoseconds,
                now: .now)
        } catch {
            var named = error
            named.method = method.name
            throw named
        }
        let stream = StreamPort(executor: loopExecutor, window: streamWindow)
        let call = PendingCall(outgoing, request, stream: stream)
        loopExecutor.perform { [core] in
            stream.onCancel = { core.value.cancel(call) }
            core.value.start(call)
        }
        return stream
    }

    @inline(__always)
    private func answer(to call: PendingCall) async -> PendingCall.Answer {
        await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { continuation in
                unsafe call.await(continuation)
                if loopExecutor.eventLoop.inEventLoop {
                    core.value.start(call)
                } else {
                    core.execute { $0.start(call) }
                }
            }
        } onCancel: {
            core.execute { $0.cancel(call) }
        }
    }

    private static func reply<Reply: Message>(_ bytes: ByteBuffer) throws(MessageFault) -> Reply {
        let result: Result<Reply, MessageFault> = unsafe bytes.withUnsafeReadableBytes { bytes in
            do throws(MessageFault) {
                return .success(try unsafe Reply(decoding: bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
