import Logging
import NIOCore
import NIOPosix
import NIOSSL
import RPC

/// A channel on its event loop: one connection, made when a call needs it, and the calls that wait for it.
final class ChannelCore {
    private enum State {
        /// Nobody needs a connection. → connecting, closed
        case idle
        /// → connected, pausing, closed
        case connecting
        /// It may still wait for the server's Hello. → idle, pausing, closed
        case connected(ClientConnection)
        /// After a failed attempt. → connecting, idle, closed
        case pausing
        case closed
    }

    let executor: LoopExecutor
    private let host: String
    private let port: Int
    private let configuration: ChannelConfiguration
    private let logger: Logger
    private var state = State.idle
    private var waiting = CallQueue()
    /// Attempts in a row that led to no Hello.
    private var failures = 0
    private var lastFailure: String?
    private var timer: (task: Scheduled<Void>, at: Moment)?

    init(
        host: String, port: Int, configuration: ChannelConfiguration, logger: Logger,
        executor: LoopExecutor
    ) {
        self.host = host
        self.port = port
        self.configuration = configuration
        self.logger = logger
        self.executor = executor
    }

    private var eventLoop: any EventLoop { executor.eventLoop }
    private var address: String { addressText(host, port) }

    /// Sends the call or lets it wait.
    func start(_ call: PendingCall) {
        guard !call.isCancelled else { return call.fail(.cancelledBeforeStart) }
        switch state {
        case .connected(let connection) where waiting.isEmpty && connection.hasRoom:
            connection.send(call)
        case .closed:
            call.fail(.notConnected(to: address, "the channel is closed", code: .unavailable))
        default:
            enqueue(call)
        }
    }

    /// The caller's task was cancelled.
    func cancel(_ call: PendingCall) {
        call.isCancelled = true
        switch call.place {
        case .waiting:
            waiting.remove(call)
            call.fail(.cancelledBeforeStart)
        case .inFlight(let connection, let id):
            connection.abandon(id, RPCError(code: .cancelled, message: "the caller cancelled"))
        case .nowhere, .answered: break
        }
    }

    /// Ends the connection and all calls; there are none afterwards.
    func close() {
        let before = state
        state = .closed
        timer?.task.cancel()
        timer = nil
        failWaiting(.notConnected(to: address, "the channel is closed", code: .unavailable))
        if case .connected(let connection) = before { connection.close() }
    }

    private func enqueue(_ call: PendingCall) {
        guard waiting.count < configuration.mostWaitingCalls else {
            return call.fail(
                .overLimit(
                    "\(configuration.mostWaitingCalls) calls are already waiting for \(address)"))
        }
        call.place = .waiting
        waiting.append(call)
        watchDeadlines(call.outgoing.deadline)
        if case .idle = state { connect() }
    }

    private func failWaiting(_ error: RPCError) {
        for call in waiting.removeAll() { call.fail(error) }
    }
}

// Connecting.
extension ChannelCore {
    private func connect() {
        state = .connecting
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(configuration.connectTimeout.wholeNanoseconds))
            .channelOption(SocketOptions.noDelay, value: 1)
            .channelOption(SocketOptions.keepAlive, value: 1)
            .channelOption(SocketOptions.userTimeout, value: SocketOptions.userTimeoutMilliseconds)
            // Several addresses may be tried at once; only the channel that stands gets the handler, then reads.
            .channelOption(.autoRead, value: false)
            .connect(host: host, port: port)
            .assumeIsolated()
            .whenComplete { [self] result in
                do {
                    let channel = try result.get()
                    do {
                        try connected(channel)
                    } catch {
                        channel.close(promise: nil)
                        throw error
                    }
                } catch {
                    failed(explained(error))
                }
            }
    }

    private func connected(_ channel: any Channel) throws {
        guard case .connecting = state else { return channel.close(promise: nil) }
        try SocketOptions.setBuffers(configuration.limits, of: channel)
        guard let tls = configuration.tls else { return try begin(channel) }
        let handler = try NIOSSLClientHandler(
            context: tls.credentials.client, serverHostname: tls.serviceName)
        let limit = TimeAmount.nanoseconds(configuration.limits.handshake.wholeNanoseconds)
        let patience = eventLoop.assumeIsolated().scheduleTask(in: limit) {
            channel.close(promise: nil)
        }
        let handshake = TLSHandshake(behind: handler) { [self] outcome in
            patience.cancel()
            switch outcome {
            case .done:
                do {
                    try begin(channel)
                } catch {
                    channel.close(promise: nil)
                    failed(explained(error))
                }
            case .failed(let error):
                if let failure = TLSFailure(error), failure.isFinal {
                    failWaiting(
                        .notConnected(to: address, failure.description, code: .unauthenticated))
                }
                failed(explained(error))
            }
        }
        try channel.pipeline.syncOperations.addHandlers([handler, handshake])
        try channel.syncOptions?.setOption(.autoRead, value: true)
    }

    /// The connection stands, TLS included.
    private func begin(_ channel: any Channel) throws {
        guard case .connecting = state else { return channel.close(promise: nil) }
        let connection = ClientConnection(
            address: address, hello: hello, limits: configuration.limits, executor: executor,
            owner: self)
        state = .connected(connection)
        try channel.pipeline.syncOperations.addHandler(connection.makeHandler())
        try channel.syncOptions?.setOption(.autoRead, value: true)
        connectionHasRoom(connection)
    }

    private var hello: Frame.Hello {
        ClientConnectionState.hello(
            limits: configuration.limits, peer: configuration.peerName)
    }

    /// An attempt led to no connection that may be used.
    private func failed(_ reason: String) {
        if case .closed = state { return }
        failures += 1
        lastFailure = reason
        let message = "no connection to \(address), attempt \(failures): \(reason)"
        logger.log(level: failures == 1 ? .warning : .debug, "\(message)")
        guard !waiting.isEmpty else {
            state = .idle
            return
        }
        state = .pausing
        let longest = min(
            configuration.longestReconnectPause,
            configuration.firstReconnectPause * (1 << min(failures - 1, 16)))
        // Half of it is random, so that many clients do not come back in step.
        let pause = longest * Double.random(in: 0.5...1)
        eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(pause.wholeNanoseconds)) {
            [self] in
            guard case .pausing = state else { return }
            if waiting.isEmpty { state = .idle } else { connect() }
        }
    }

    /// The server's Hello came.
    func connectionIsReady(_ connection: ClientConnection) {
        if failures > 0 { logger.notice("connected to \(address)") }
        failures = 0
        lastFailure = nil
    }

    /// There may be room for a waiting call.
    func connectionHasRoom(_ connection: ClientConnection) {
        while !waiting.isEmpty, isCurrent(connection), connection.hasRoom {
            guard let call = waiting.popFirst() else { return }
            connection.send(call)
        }
    }

    /// The connection takes no further calls; the server did not run these.
    func connectionRetires(
        _ connection: ClientConnection, _ goaway: Frame.Goaway, notExecuted: [PendingCall]
    ) {
        let wasCurrent = isCurrent(connection)
        if wasCurrent { state = .idle }
        switch goaway.code {
        case .ok:
            // They did not run: they go to the next connection.
            for call in notExecuted {
                if call.stream?.hasSent == true {
                    // What it sent is gone with the connection.
                    call.fail(
                        RPCError(
                            code: .unavailable, message: "\(address): \(goaway.message)",
                            verdict: .notExecuted))
                } else {
                    call.stream?.detach()
                    call.outgoing.request.attempt += 1
                    start(call)
                }
            }
            if wasCurrent, case .idle = state, !waiting.isEmpty { connect() }
        case .unauthenticated, .failedPrecondition:
            // It would be the same on the next connection.
            let error = RPCError(
                code: goaway.code, message: "\(address): \(goaway.message)", verdict: .notExecuted)
            for call in notExecuted { call.fail(error) }
            if wasCurrent {
                failWaiting(error)
                failed(goaway.message)
            }
        default:
            let error = RPCError(
                code: .unavailable, message: "\(address): \(goaway.message)", verdict: .notExecuted)
            for call in notExecuted { call.fail(error) }
            if wasCurrent { failed(goaway.message) }
        }
    }

    /// It is gone; its calls have been told.
    func connectionEnded(_ connection: ClientConnection, _ reason: String) {
        guard isCurrent(connection) else { return }
        if connection.wasReady {
            logger.notice("the connection to \(address) ended: \(reason)")
            state = .idle
            if !waiting.isEmpty { connect() }
        } else {
            failed(reason)
        }
    }

    private func isCurrent(_ connection: ClientConnection) -> Bool {
        if case .connected(let current) = state { current === connection } else { false }
    }
}

// Time of the waiting calls; those in flight are the connection's.
extension ChannelCore {
    private func watchDeadlines(_ deadline: Moment) {
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        let wait = max(0, Moment.now.nanoseconds(to: deadline))
        let task = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait + 1_000)) {
            [self] in
            timer = nil
            failExpired()
        }
        timer = (task, deadline)
    }

    private func failExpired() {
        let (expired, next) = waiting.takeExpired(at: .now)
        for call in expired { call.fail(outOfTime) }
        if let next { watchDeadlines(next) }
    }

    /// What a call is told whose time passed before it was sent.
    private var outOfTime: RPCError {
        if case .connected(let connection) = state, connection.wasReady {
            return RPCError(
                code: .deadlineExceeded,
                message: "\(address) took no further call before the deadline passed",
                verdict: .notExecuted)
        }
        return .notConnected(
            to: address, lastFailure ?? "it did not answer in time", code: .deadlineExceeded)
    }
}

extension RPCError {
    static func notConnected(to address: String, _ reason: String, code: RPCCode) -> RPCError {
        RPCError(
            code: code, message: "no connection to \(address): \(reason)", verdict: .notExecuted)
    }

    static var cancelledBeforeStart: RPCError {
        RPCError(
            code: .cancelled, message: "the caller cancelled before the call was sent",
            verdict: .notExecuted)
    }
}
