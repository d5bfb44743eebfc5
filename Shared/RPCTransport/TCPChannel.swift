public import Logging
public import MessageCoding
import NIOCore
import NIOPosix
public import RPC
public import ServiceLifecycle

/// Calls one service over TCP: many calls at once over a connection, which is made when the first
/// call needs it and made again when it was lost.
///
/// A call that is made on one of the process's event loops, as those of a service's handlers are, goes over a connection of
/// that loop, so that no other thread is woken for it: there is at most one connection for each event loop.
///
/// A call that finds no connection waits for one until its time is up. `run` is not needed; a
/// channel that nobody keeps closes its connections.
public final class TCPChannel: RPCChannel, Service {
    /// By their event loops.
    private let cores: [ObjectIdentifier: NIOLoopBoundBox<ChannelCore>]
    /// For calls that are made on no event loop.
    private let home: NIOLoopBoundBox<ChannelCore>
    private let defaultTimeoutNanoseconds: Int64
    private let streamWindow: Int

    /// - Parameters:
    ///   - host: a name or an address. Whether it exists is seen when the first call is made.
    ///   - logger: gets what happens to the connection; nothing of the calls.
    public init(host: String, port: Int, configuration: ChannelConfiguration, logger: Logger) {
        func core(_ executor: LoopExecutor) -> NIOLoopBoundBox<ChannelCore> {
            .makeBoxSendingValue(
                ChannelCore(
                    host: host, port: port, configuration: configuration, logger: logger,
                    executor: executor), as: ChannelCore.self, eventLoop: executor.eventLoop)
        }
        cores = LoopExecutor.all.mapValues(core)
        guard let home = cores[ObjectIdentifier(MultiThreadedEventLoopGroup.singleton.any())] else {
            preconditionFailure("an event loop of another group")
        }
        self.home = home
        defaultTimeoutNanoseconds = configuration.defaultTimeout.wholeNanoseconds
        streamWindow = configuration.limits.streamWindow
    }

    deinit {
        for core in cores.values { core.execute { $0.close() } }
    }

    /// Where the work of calls is done that are made on no event loop. Tasks that prefer it make calls without a change of
    /// threads: worth it for many small calls. Code that runs there must not block.
    public var executor: any TaskExecutor { LoopExecutor.of(home.eventLoop) }

    /// What makes the calls of the code that asks: on an event loop, that loop's.
    private var core: NIOLoopBoundBox<ChannelCore> {
        // Looked at first because it is the quickest to find.
        if home.eventLoop.inEventLoop { return home }
        guard let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop else { return home }
        return cores[ObjectIdentifier(eventLoop)] ?? home
    }

    /// Keeps the channel until a graceful shutdown or until the task is cancelled, then closes it.
    public func run() async throws {
        // Throws only when the task is cancelled, which ends it just the same.
        try? await gracefulShutdown()
        await close()
    }

    /// Ends the connections and all calls. Calls made afterwards fail.
    public func close() async {
        for core in cores.values {
            await withCheckedContinuation { continuation in
                core.execute { core in
                    core.close()
                    continuation.resume()
                }
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
        let core = self.core
        let executor = LoopExecutor.of(core.eventLoop)
        let stream = StreamPort(executor: executor, window: streamWindow)
        let call = PendingCall(outgoing, request, stream: stream)
        executor.perform {
            stream.onCancel = { core.value.cancel(call) }
            core.value.start(call)
        }
        return stream
    }

    @inline(__always)
    private func answer(to call: PendingCall) async -> PendingCall.Answer {
        let core = self.core
        return await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { continuation in
                unsafe call.await(continuation)
                if core.eventLoop.inEventLoop {
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
        try unsafe bytes.readableBytesSpan.withUnsafeBytes { bytes throws(MessageFault) in
            try unsafe Reply(decoding: bytes)
        }
    }
}
