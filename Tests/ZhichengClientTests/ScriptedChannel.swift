import MessageCoding
import RPC
import Synchronization

/// A channel that answers as it is told, and remembers what it was asked.
final class ScriptedChannel: RPCChannel {
    /// What one call gets: a reply (its bytes), or an error.
    typealias Answer = Result<[UInt8], RPCError>

    private struct State {
        var answers: [Answer]
        var options: [CallOptions] = []
    }

    private let state: Mutex<State>

    /// - Parameter answers: for the calls in their order; the last one is for all that follow.
    init(_ answers: [Answer]) {
        state = Mutex(State(answers: answers))
    }

    /// The options of each call so far.
    var options: [CallOptions] { state.withLock { $0.options } }

    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        let answer = state.withLock { state in
            state.options.append(options)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }
        do {
            return try Reply(decoding: try answer.get())
        } catch let error as RPCError {
            throw error
        } catch {
            throw RPCError(code: .internalError, message: "\(error)")
        }
    }
}

extension RPCError {
    /// An error with that code and verdict.
    init(_ code: RPCCode, _ verdict: RetryVerdict, retryAfter: Duration? = nil) {
        self.init(code: code, message: "", verdict: verdict, retryAfter: retryAfter)
    }
}
