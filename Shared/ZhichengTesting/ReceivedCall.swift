public import RPC

/// What a test's handler knows of a call besides its message.
public struct ReceivedCall: Sendable {
    /// What was called.
    public let method: RPCMethod
    /// Everything that travelled beside the message, the session included.
    public let metadata: Metadata
    /// Of a change always there: generated clients make one when the caller gave none.
    public let idempotencyKey: IdempotencyKey?
    /// Which work goes first under load.
    public let priority: CallPriority
    /// When the caller stops waiting; the handler's task is cancelled then.
    public let deadline: ContinuousClock.Instant

    init(_ context: RequestContext) {
        method = context.method
        metadata = context.metadata
        idempotencyKey = context.idempotencyKey
        priority = context.priority
        deadline = context.deadline
    }

    /// The user's session token; nil when the client is not signed in.
    public var session: [UInt8]? { metadata[Metadata.sessionKey] }
}
