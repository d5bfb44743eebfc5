// What a server does around each call.
extension CallRunner {
    /// The call came and its route is known: gives it its place among the calls that run at once. `ended` must
    /// follow, also when this throws.
    /// - Throws: code 8 when the server has no room for work of this priority.
    package func begin(
        _ context: inout RequestContext, _ route: RouteTable.Route, at now: Moment
    ) throws(RPCError) {
        guard route.priority != nil else { return }
        guard route.method.kind == .unary else {
            try load?.beginStream(context.priority)
            return
        }
        context.pass = try load?.begin(
            route.method, context.priority, requestBytes: context.requestBytes, at: now)
    }

    /// The call's answer is packed.
    /// - Parameters:
    ///   - error: what was answered; nil when the reply was.
    ///   - replyBytes: of the answer's frame; 0 when that is an error.
    package func ended(
        _ context: RequestContext, _ outcome: CallOutcome, error: RPCError?, replyBytes: Int
    ) {
        if let pass = context.pass {
            load?.end(pass, error, requestBytes: context.requestBytes, at: outcome.ended)
        }
        guard !observers.isEmpty else { return }
        let end = ServedCall(
            error: error,
            queueNanoseconds: outcome.received.nanoseconds(to: outcome.started),
            handlerNanoseconds: outcome.started.nanoseconds(to: outcome.ended),
            requestBytes: context.requestBytes, replyBytes: replyBytes)
        for observe in observers { observe(context, end) }
    }

    /// A call was refused before it was known what it calls.
    package func refused(_ peer: Peer, _ error: RPCError) {
        guard !observers.isEmpty else { return }
        let context = RequestContext(
            Frame.Request(method: .id(0)), for: nil, of: peer, requestBytes: 0, end: .now)
        let end = ServedCall(
            error: error, queueNanoseconds: 0, handlerNanoseconds: 0, requestBytes: 0, replyBytes: 0
        )
        for observe in observers { observe(context, end) }
    }
}
