/// A call about to be made, with everything that its options leave open filled in: from the call
/// that this one is made for (`CallScope`), then from the channel.
package struct OutgoingCall: Sendable {
    package let method: RPCMethod
    /// When the caller stops waiting.
    package let deadline: Moment
    /// What travels in front of the message; the time that is left is set when it is sent. Its metadata are within
    /// their bounds and hold the session.
    package var request: Frame.Request

    /// - Parameter defaultTimeoutNanoseconds: of the channel; used when the options do not say how
    ///   long. A call that streams then has the longest time.
    /// - Throws: `invalidArgument` when the metadata are over their bounds.
    package init(
        _ method: RPCMethod, options: CallOptions, defaultTimeoutNanoseconds: Int64, now: Moment
    ) throws(RPCError) {
        let scope = CallScope.current
        self.method = method
        let timeout =
            options.timeout?.wholeNanoseconds
            ?? (method.kind == .unary
                ? defaultTimeoutNanoseconds : CallLimits.longestMicroseconds * 1000)
        let own = now.advanced(
            byNanoseconds: min(max(timeout, 0), CallLimits.longestMicroseconds * 1000))
        // A nested call never outlives the call that it is made for.
        deadline = scope.map { min($0.end, own) } ?? own
        var metadata = options.metadata
        if let session = scope?.session, metadata[Metadata.sessionKey] == nil {
            metadata.set(Metadata.sessionKey, session)
        }
        if !metadata.isEmpty { try metadata.checkBounds() }
        request = Frame.Request(method: .id(method.id))
        request.isOpen = method.kind.requestsStream
        request.attempt = options.attempt
        request.priority =
            options.priority == .normal ? scope?.priority ?? .normal : options.priority
        request.idempotencyKey = options.idempotencyKey
        request.trace = (options.trace ?? scope?.trace)?.child() ?? .start()
        request.metadata = metadata
    }
}

/// Bounds of every call, whatever carries it.
package enum CallLimits {
    /// Longer time-outs are cut to this.
    package static let longestMicroseconds: Int64 = 3_600_000_000
    /// What a server grants a call that names no time, and a channel a call that names none.
    package static let defaultTimeout = Duration.seconds(10)
    /// The most bytes of one message.
    package static let mostMessageBytes = 4 << 20
}

extension Metadata {
    /// - Throws: `invalidArgument` with the limit and the actual value.
    func checkBounds() throws(RPCError) {
        guard pairs.count <= Self.mostPairs else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(pairs.count) metadata pairs are over the limit of \(Self.mostPairs)",
                verdict: .never)
        }
        let bytes = pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
        guard bytes <= Self.mostBytes else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(bytes) bytes of metadata are over the limit of \(Self.mostBytes)",
                verdict: .never)
        }
    }
}
