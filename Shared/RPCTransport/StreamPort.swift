import MessageCoding
import NIOCore
import RPC

/// A connection's end as its streams see it; on the event loop only.
protocol StreamCarrier: AnyObject {
    /// Packs a message of the stream when the windows let it pass.
    /// - Returns: `open` when it is on its way.
    /// - Throws: why it can never be sent.
    func sendData(_ message: any Message, of port: StreamPort) throws(RPCError) -> SendOutlook
    /// Tells the other side that no further messages come.
    func sendEnd(of port: StreamPort)
    /// Messages were taken: the other side may send as much again.
    func consumed(_ byteCount: Int, of port: StreamPort)
}

/// One end of a streaming call over a connection, the caller's or the server's: messages that wait
/// for room, and those that wait to be taken.
// What varies is confined to the event loop; the queue is safe to share.
@safe final class StreamPort: MessageStream, @unchecked Sendable {
    /// A message that waits for room, with the task that sends it.
    private final class Waiting {
        let message: any Message
        let continuation: CheckedContinuation<Result<Void, RPCError>, Never>
        let ticket: Ticket

        init(
            _ message: any Message,
            _ continuation: CheckedContinuation<Result<Void, RPCError>, Never>, _ ticket: Ticket
        ) {
            self.message = message
            self.continuation = continuation
            self.ticket = ticket
        }
    }

    /// Tells a sender whose task was cancelled.
    // Confined to the event loop, as the port is.
    @safe private final class Ticket: @unchecked Sendable {
        var isCancelled = false
    }

    private enum Phase {
        /// A caller's end that waits for a connection. → open, ended
        case unattached
        /// → ended
        case open(any StreamCarrier, slot: Int, id: UInt64)
        /// Nil: the call succeeded.
        case ended(RPCError?)
    }

    private let executor: LoopExecutor
    private let received: MessageQueue
    private let consumption: Consumption
    private var phase = Phase.unattached
    private var waiting: [Waiting] = []
    /// `finish` was called; what waits still goes first.
    private var isFinishing = false
    private var hasFinished = false
    /// Whether a message was handed to a connection: the call cannot be made again on another.
    private(set) var hasSent = false
    /// Ends the call; until it has ended, on the caller's end.
    var onCancel: (() -> Void)?

    /// The queue tells what was taken; it does not keep the port.
    // `port` is set before the queue is used, and then only read.
    @safe private final class Consumption: @unchecked Sendable {
        weak var port: StreamPort?
    }

    init(executor: LoopExecutor, window: Int) {
        self.executor = executor
        let consumption = Consumption()
        self.consumption = consumption
        received = MessageQueue(window: window) { [executor] byteCount in
            executor.perform { consumption.port?.consumed(byteCount) }
        }
        consumption.port = self
    }

    // From any task.

    func send(_ message: any Message) async throws(RPCError) {
        let ticket = Ticket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                executor.perform {
                    self.send(Waiting(message, continuation, ticket))
                }
            }
        } onCancel: {
            executor.perform {
                ticket.isCancelled = true
                self.dropCancelled()
            }
        }
        try result.get()
    }

    func next<M: Message>(_ type: M.Type) async throws(RPCError) -> M? {
        let bytes: [UInt8]
        do throws(RPCError) {
            guard let next = try await received.next() else { return nil }
            bytes = next
        } catch {
            // A task that was cancelled while it waited wants nothing more.
            if Task.isCancelled { cancel() }
            throw error
        }
        do throws(MessageFault) {
            return try M(decoding: bytes)
        } catch {
            throw .unreadableMessage(error)
        }
    }

    func finish() {
        executor.perform {
            self.isFinishing = true
            self.finishIfDue()
        }
    }

    func cancel() {
        executor.perform { self.onCancel?() }
    }
}

// On the event loop.
extension StreamPort {
    /// Where the call is on its connection; nil before it is there and after its end.
    var place: (slot: Int, id: UInt64)? {
        if case .open(_, let slot, let id) = phase { (slot, id) } else { nil }
    }

    /// The call is on a connection; what waited is sent.
    func attach(to carrier: any StreamCarrier, slot: Int, id: UInt64) {
        guard case .unattached = phase else { return }
        phase = .open(carrier, slot: slot, id: id)
        sendWaiting()
    }

    /// The connection did not run the call, which goes to another one.
    func detach() {
        guard case .open = phase else { return }
        phase = .unattached
        hasFinished = false
    }

    /// A message came.
    func receive(_ bytes: [UInt8], byteCount: Int) { received.offer(bytes, cost: byteCount) }

    /// The other side sends no further messages; the call goes on.
    func receivedEnd() { received.end(nil) }

    /// The call has ended; nil: it succeeded.
    func end(_ error: RPCError?) {
        if case .ended = phase { return }
        phase = .ended(error)
        onCancel = nil
        received.end(error)
        let senders = waiting
        waiting = []
        for sender in senders {
            sender.continuation.resume(returning: error.map { .failure($0) } ?? .success(()))
        }
    }

    /// There is room again.
    func sendWaiting() {
        while !waiting.isEmpty, case .open(let carrier, _, _) = phase {
            // It leaves the queue first: a write may fail at once, and end this port before it returns.
            let next = waiting.removeFirst()
            do throws(RPCError) {
                guard case .open = try carrier.sendData(next.message, of: self) else {
                    return waiting.insert(next, at: 0)
                }
                hasSent = true
                next.continuation.resume(returning: .success(()))
            } catch {
                next.continuation.resume(returning: .failure(error))
            }
        }
        finishIfDue()
    }

    private func send(_ sender: Waiting) {
        if case .ended(let error) = phase {
            return sender.continuation.resume(
                returning: error.map { .failure($0) } ?? .success(()))
        }
        guard !sender.ticket.isCancelled else {
            return sender.continuation.resume(returning: .failure(.cancelledHere))
        }
        waiting.append(sender)
        if waiting.count == 1 { sendWaiting() }
    }

    private func dropCancelled() {
        let dropped = waiting.filter { $0.ticket.isCancelled }
        guard !dropped.isEmpty else { return }
        waiting.removeAll { $0.ticket.isCancelled }
        for sender in dropped { sender.continuation.resume(returning: .failure(.cancelledHere)) }
    }

    private func finishIfDue() {
        guard isFinishing, !hasFinished, waiting.isEmpty, case .open(let carrier, _, _) = phase
        else { return }
        hasFinished = true
        carrier.sendEnd(of: self)
    }

    private func consumed(_ byteCount: Int) {
        if case .open(let carrier, _, _) = phase { carrier.consumed(byteCount, of: self) }
    }
}

/// The streams of one connection that wait for the connection's own window, first come, first served.
struct StreamQueue {
    private var ports: [StreamPort] = []

    /// A stream that stands in the queue already keeps its place.
    mutating func append(_ port: StreamPort) {
        if !ports.contains(where: { $0 === port }) { ports.append(port) }
    }

    mutating func remove(_ port: StreamPort) { ports.removeAll { $0 === port } }

    /// Empties the queue.
    mutating func takeAll() -> [StreamPort] {
        defer { ports = [] }
        return ports
    }
}
