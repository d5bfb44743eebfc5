import MessageCoding
import NIOCore
import RPC

/// One end of a connection: what it makes of frames. Called on the event loop only.
protocol ConnectionEnd: AnyObject {
    /// The largest length of a frame.
    var maxFrame: Int { get }
    /// How long the rest of a frame may take to come; nil: as long as it likes.
    var frameTime: Duration? { get }
    /// When `tick` is to be called; it may be too early.
    var nextTick: Moment? { get }

    /// The connection stands.
    func opened()
    /// A frame came; its envelope lies at `index` of the buffer, too.
    func received(
        _ envelope: UnsafeRawBufferPointer, in buffer: ByteBuffer, at index: Int,
        now: Moment)
    /// A frame's length was zero or over the limit.
    func receivedBadLength(_ length: Int)
    /// The rest of a frame did not come in time.
    func receivedTooSlowly()
    /// What waits to be sent went over its limit, or under it again.
    func outboundChanged(isOverLimit: Bool, now: Moment)
    /// Last chance to send something before the flush.
    func willFlush()
    func tick(now: Moment)
    /// The connection is gone; called once.
    func closed(_ reason: String)
}

/// Frames on a socket: cuts what is read into frames, packs what is sent into one buffer, and writes
/// it at the turn's end or when it has waited for long.
final class FrameHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case open
        /// The last frame is sent; what still comes is thrown away until the peer closes, too.
        case lingering
        case closed
    }

    private let executor: LoopExecutor
    private let end: any ConnectionEnd
    private var context: ChannelHandlerContext?
    private var phase = Phase.open
    private var unread: ByteBuffer?
    /// Since when there is a frame of which the rest is missing.
    private var unreadSince: Moment?
    private let ownOutbound = LoopOwned(ByteBuffer())
    private var isFlushDue = false
    /// When the first of what is packed was packed, as far as it was told.
    private var packedSince: Moment?
    /// How long it may wait; longer with each write of a turn, so that these cost little beside the turn's work.
    private var patience = firstPatience
    private var isOpened = false
    private var timer: (task: Scheduled<Void>, at: Moment)?
    private var failure: String?

    /// So much is written at once, before the turn's end.
    private static let mostPackedBytes = 64 << 10
    /// So long what is packed first in a turn waits for more. Measured at 16 and 64 calls in flight: 5 to 7 µs give the
    /// most calls a second together; with 10 µs and more the other side waits at 16.
    private static let firstPatience = Duration.microseconds(7)
    /// A buffer that grew larger than this is not kept.
    private static let mostKeptBytes = 256 << 10
    /// How long the peer may take to read what is left.
    private static let mostSendingTime = TimeAmount.seconds(10)
    /// How long it may take to close after the last frame.
    private static let lingerTime = TimeAmount.seconds(1)

    init(executor: LoopExecutor, end: any ConnectionEnd) {
        self.executor = executor
        self.end = end
    }

    /// What is packed and not yet written.
    private var outbound: ByteBuffer {
        @inline(__always) _read { yield ownOutbound.value }
        @inline(__always) _modify { yield &ownOutbound.value }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { channelActive(context: context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        // A handler that is added while the channel becomes active is told twice.
        guard !isOpened else { return }
        isOpened = true
        end.opened()
        updateTimer()
    }

    func channelInactive(context: ChannelHandlerContext) { ended() }

    /// What is closed before it was active, as a shutdown does with what was just accepted, is never called inactive.
    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    private func ended() {
        if case .closed = phase { return }
        phase = .closed
        timer?.task.cancel()
        timer = nil
        end.closed(failure ?? "the other side closed it")
        context = nil
        // A turn that a read promised must not be lost with the connection.
        executor.turn()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? explained(error)
        context.close(promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        end.outboundChanged(isOverLimit: !context.channel.isWritable, now: .now)
        updateTimer()
    }
}

// Reading.
extension FrameHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = phase else { return }
        executor.holdTurn()
        var buffer = unwrapInboundIn(data)
        if var earlier = unread {
            unread = nil
            earlier.writeBuffer(&buffer)
            buffer = earlier
        }
        let consumed = takeFrames(of: buffer)
        if consumed > 0 { unreadSince = nil }
        if consumed < buffer.readableBytes, case .open = phase {
            unreadSince = unreadSince ?? .now
            buffer.moveReaderIndex(forwardBy: consumed)
            // The memory of frames that were taken is not carried along, read after read.
            unread = consumed > 0 ? buffer.slice() : buffer
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        executor.turn()
        updateTimer()
    }

    /// - Returns: the bytes of whole frames.
    private func takeFrames(of buffer: ByteBuffer) -> Int {
        let now = Moment.now
        return unsafe buffer.withUnsafeReadableBytes { bytes in
            var consumed = 0
            while case .open = phase {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[consumed...])
                switch unsafe Frame.extent(of: rest, maxFrame: end.maxFrame) {
                case .incomplete: return consumed
                case .badLength(let length):
                    end.receivedBadLength(length)
                    return consumed
                case .envelope(let byteCount):
                    unsafe end.received(
                        UnsafeRawBufferPointer(rebasing: rest[4..<4 + byteCount]), in: buffer,
                        at: buffer.readerIndex + consumed + 4, now: now)
                    consumed += 4 + byteCount
                }
            }
            return consumed
        }
    }
}

// Writing.
extension FrameHandler {
    /// Sends a frame without a payload at the end of this turn.
    func send(_ frame: OutboundFrame, id: UInt64 = 0) {
        guard case .open = phase else { return }
        let layout = frame.layout(id: id)
        unsafe frame.writePrefix(id: id, layout: layout, into: lend(layout.byteCount))
        flushAtEnd()
    }

    /// Sends a frame whose payload is packed straight into the outbound buffer.
    /// - Returns: the frame's length, as flow control counts it.
    /// - Throws: `messageTooLarge`, or why the message cannot be packed; then nothing is sent.
    @discardableResult
    func send(
        _ frame: OutboundFrame, id: UInt64, payload: any Message, limit: Int
    ) throws(RPCError) -> Int {
        guard case .open = phase else { return 0 }
        let start = outbound.writerIndex
        var size: Int?
        do throws(MessageFault) {
            try unsafe payload.encode { byteCount throws(MessageFault) in
                size = byteCount
                guard byteCount <= limit else { throw MessageFault(.tooLarge, "") }
                let layout = frame.layout(id: id, payloadByteCount: byteCount)
                let room = unsafe lend(layout.byteCount)
                unsafe frame.writePrefix(id: id, layout: layout, into: room)
                return unsafe UnsafeMutableRawBufferPointer(
                    rebasing: room[layout.prefixByteCount...])
            }
        } catch {
            outbound.moveWriterIndex(to: start)
            if let size, size > limit { throw .messageTooLarge(size, limit: limit) }
            throw RPCError(code: .internalError, message: error.message, verdict: .never)
        }
        if size == nil {
            send(frame, id: id)
        } else {
            flushAtEnd()
        }
        return outbound.writerIndex - start - 4
    }

    /// Room at the end of the outbound buffer; counts as written.
    private func lend(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        outbound.reserveCapacity(minimumWritableBytes: byteCount)
        // The memory stays where it is until the buffer is next touched, which the borrower's end precedes.
        let room = unsafe outbound.withUnsafeMutableWritableBytes { writable in
            unsafe UnsafeMutableRawBufferPointer(rebasing: writable[..<byteCount])
        }
        outbound.moveWriterIndex(forwardBy: byteCount)
        return unsafe room
    }

    /// Asks for a flush at the end of this turn, with `willFlush`, although nothing may be packed yet.
    func flushAtEnd() {
        guard !isFlushDue else { return }
        isFlushDue = true
        executor.flushAtEnd(self)
    }

    /// Writes before the turn's end when much is packed, because only what is written shows whether the peer
    /// reads, or when the first of it was packed a while ago: the peer can work on it meanwhile.
    func flushIfDue(at now: Moment) {
        if outbound.readableBytes >= Self.mostPackedBytes {
            write()
        } else if let packedSince {
            guard packedSince + patience <= now else { return }
            patience *= 2
            write()
        } else {
            packedSince = now
        }
    }

    /// Bytes that wait to be sent, packed or handed to the socket.
    var waitingBytes: Int {
        let handed = try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)
        return outbound.readableBytes + (handed ?? 0)
    }

    /// The end of a turn: writes everything that was packed.
    func flush() {
        patience = Self.firstPatience
        write(isTurnsEnd: true)
    }

    private func write(isTurnsEnd: Bool = false) {
        if case .open = phase { end.willFlush() }
        // What is packed from here on needs a flush of its own; before the turn's end one is still to come.
        if isTurnsEnd { isFlushDue = false }
        packedSince = nil
        guard let context, outbound.readableBytes > 0 else { return }
        // Writing calls back when the socket takes nothing or is broken, and more may be packed then.
        var written = ByteBuffer()
        swap(&written, &outbound)
        context.writeAndFlush(wrapOutboundOut(written), promise: nil)
        if outbound.readableBytes == 0, written.capacity <= Self.mostKeptBytes {
            swap(&written, &outbound)
            // New memory only when the socket did not take all of it at once.
            outbound.clear(minimumCapacity: min(outbound.capacity, 64 << 10))
        }
        updateTimer()
    }

    /// Sends what is packed and a last frame, then closes: first this side, so that nothing is lost by a reset.
    func close(with goaway: Frame.Goaway?) {
        guard case .open = phase, let context else { return }
        if let goaway {
            send(.goaway(goaway))
            failure = failure ?? goaway.message
        }
        flush()
        guard case .open = phase else { return }
        phase = .lingering
        unread = nil
        let (channel, eventLoop) = (context.channel, context.eventLoop)
        let sent = eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in
            eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
        }
        context.close(mode: .output, promise: sent)
        eventLoop.scheduleTask(in: Self.mostSendingTime) { channel.close(promise: nil) }
    }

    /// Closes without a last frame; what comes meanwhile is still read.
    func abort(_ reason: String) {
        failure = failure ?? reason
        context?.close(promise: nil)
    }
}

// Time.
extension FrameHandler {
    /// Sees to it that `tick` is called in time. A timer that comes too early only looks again.
    func updateTimer() {
        guard case .open = phase, let context, let next = nextTick else { return }
        if let timer {
            guard next < timer.at else { return }
            timer.task.cancel()
        }
        let wait = max(0, Moment.now.nanoseconds(to: next))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        // Rounded up, so that it is not too early by a fraction.
        let task = context.eventLoop.scheduleTask(in: .nanoseconds(wait + 1_000)) {
            bound.value.timerFired()
        }
        timer = (task, next)
    }

    private var nextTick: Moment? {
        guard let frameEnd else { return end.nextTick }
        return end.nextTick.map { min($0, frameEnd) } ?? frameEnd
    }

    /// Until when the rest of a frame must be there.
    private var frameEnd: Moment? {
        guard let unreadSince, let time = end.frameTime else { return nil }
        return unreadSince + time
    }

    private func timerFired() {
        timer = nil
        guard case .open = phase else { return }
        let now = Moment.now
        if let frameEnd, frameEnd <= now { end.receivedTooSlowly() }
        end.tick(now: now)
        updateTimer()
    }
}
