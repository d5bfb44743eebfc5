import MessageCoding
import NIOCore
import RPC

/// A call of this process that waits for its answer.
// What varies is confined to the channel's event loop; the rest never changes.
@safe final class PendingCall: @unchecked Sendable {
    /// The reply's bytes, within the buffer that was read.
    typealias Answer = Result<ByteBuffer, RPCError>

    /// Where it is. Waiting calls stand in the channel's queue.
    enum Place {
        case nowhere
        case waiting
        case inFlight(ClientConnection, ClientConnectionState.Call)
        case answered
    }

    var outgoing: OutgoingCall
    /// Nil: the messages come one by one.
    let request: (any Message)?
    /// The caller's end of a call that streams.
    let stream: StreamPort?
    var place = Place.nowhere
    /// The caller's task was cancelled, perhaps before the call arrived here.
    var isCancelled = false
    private var continuation: UnsafeContinuation<Answer, Never>?

    init(_ outgoing: OutgoingCall, _ request: (any Message)?, stream: StreamPort? = nil) {
        self.outgoing = outgoing
        self.request = request
        self.stream = stream
    }

    /// Before the call is started.
    func await(_ continuation: UnsafeContinuation<Answer, Never>) {
        unsafe self.continuation = unsafe continuation
    }

    /// Ends the call; later answers are ignored.
    func answer(_ answer: Answer) {
        if let stream { return end(stream, answer) }
        guard let continuation = unsafe continuation else { return }
        unsafe self.continuation = nil
        place = .answered
        unsafe continuation.resume(returning: answer)
    }

    private func end(_ stream: StreamPort, _ answer: Answer) {
        if case .answered = place { return }
        place = .answered
        switch answer {
        case .success(let reply):
            if !outgoing.method.kind.repliesStream {
                stream.receive(Array(buffer: reply), byteCount: 0)
            }
            stream.end(nil)
        case .failure(var error):
            error.method = outgoing.method.name
            stream.end(error)
        }
    }

    func fail(_ error: RPCError) { answer(.failure(error)) }

    /// What travels in front of the message.
    func frame(now: Moment) -> Frame.Request {
        // 0 would mean the server's default.
        outgoing.request.timeoutMicroseconds = UInt64(
            max(1, now.nanoseconds(to: outgoing.deadline) / 1000))
        return outgoing.request
    }
}
