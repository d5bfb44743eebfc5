/// What travels in a frame: the messages of `proto/wire.proto` as the runtime uses them.
/// Payloads are not in here: they are written and read in place.
package enum Frame {
    /// The most bytes of a peer's name, a GOAWAY's or an error's message.
    package static let mostTextBytes = 1024
    /// The most bytes of a method's name.
    package static let mostMethodBytes = 256
    /// The protocol's version that this code speaks.
    package static let version: UInt32 = 1
    /// The field of Request, Response and Data that comes last.
    static let payloadField = 15

    /// How much of the bytes is the next frame.
    package enum Extent: Hashable, Sendable {
        /// The frame, its four bytes of length included, is not all there yet.
        case incomplete
        /// An envelope of so many bytes follows the four bytes of length.
        case envelope(byteCount: Int)
        /// The length is zero or over the limit; nothing after it can be understood.
        case badLength(Int)
    }

    /// Looks at the length in front of a frame. A bad one is seen before anything is waited for.
    package static func extent(
        of bytes: UnsafeRawBufferPointer, maxFrame: Int
    ) -> Extent {
        guard bytes.count >= 4 else { return .incomplete }
        let length = Int(UInt32(bigEndian: unsafe bytes.loadUnaligned(as: UInt32.self)))
        guard length > 0, length <= maxFrame else { return .badLength(length) }
        return bytes.count - 4 >= length ? .envelope(byteCount: length) : .incomplete
    }

    /// The first frame each way. Limits of 0 mean the default.
    package struct Hello: Sendable, Hashable {
        package var version: UInt32 = 0
        package var minVersion: UInt32 = 0
        package var features: UInt64 = 0
        package var maxFrame: UInt32 = 0
        package var maxMessage: UInt32 = 0
        package var maxCalls: UInt32 = 0
        /// Bytes of Data for one call, and for all calls together, before a Window.
        package var streamWindow: UInt32 = 0
        package var connectionWindow: UInt32 = 0
        package var minPingMilliseconds: UInt32 = 0
        /// "service/instance@version".
        package var peer = ""
        package var authScheme = ""
        package var auth: [UInt8] = []

        package init() {}
    }

    /// A call without its payload.
    package struct Request: Sendable {
        /// How the method is named.
        package enum Method: Sendable, Hashable, CustomStringConvertible {
            case id(UInt32)
            case name(String)

            package var description: String {
                switch self {
                case .id(let id): "\(id)"
                case .name(let name): name
                }
            }
        }

        package var method: Method
        /// 0 = the server's default.
        package var timeoutMicroseconds: UInt64 = 0
        /// The messages follow in Data; the payload is empty.
        package var isOpen = false
        package var attempt: UInt32 = 0
        package var priority = CallPriority.normal
        package var idempotencyKey: IdempotencyKey?
        package var trace: TraceContext?
        package var metadata = Metadata()

        package init(method: Method) {
            self.method = method
        }
    }

    /// The end of a call without its payload.
    package struct Response: Sendable {
        /// Nil: it succeeded.
        package var error: RPCError?
        package var queueMicroseconds: UInt32 = 0
        package var handlerMicroseconds: UInt32 = 0

        package init(error: RPCError? = nil) {
            self.error = error
        }
    }

    /// A message of a stream, without its payload.
    package struct Data: Sendable, Hashable {
        /// The sender sends no further ones. Only clients say so: a server's last word is its Response.
        package var ends = false
        /// Whether there is a message; without one it only ends.
        package var hasMessage = true

        package init() {}

        /// The end of the client's messages.
        package static var end: Data {
            var data = Data()
            data.ends = true
            data.hasMessage = false
            return data
        }
    }

    package struct Ping: Sendable, Hashable {
        package var isAcknowledgement: Bool
        package var nonce: UInt64

        package init(isAcknowledgement: Bool, nonce: UInt64) {
            self.isAcknowledgement = isAcknowledgement
            self.nonce = nonce
        }
    }

    /// A change of limits.
    package struct Window: Sendable, Hashable {
        /// How much Data the other side may have sent, since the beginning, on the call or (id 0) on all
        /// together; 0 = unchanged.
        package var bytes: UInt64 = 0
        /// Calls at once, with id 0; 0 = unchanged.
        package var maxCalls: UInt32 = 0

        package init(bytes: UInt64 = 0, maxCalls: UInt32 = 0) {
            self.bytes = bytes
            self.maxCalls = maxCalls
        }
    }

    /// The sender ends the connection: calls above `lastID` did not and will not run.
    package struct Goaway: Sendable, Hashable {
        package var lastID: UInt64
        /// `ok` for a shutdown; otherwise what the other side did wrong.
        package var code: RPCCode
        package var message: String
        package var graceMilliseconds: UInt32 = 0

        package init(
            lastID: UInt64, code: RPCCode, message: String, graceMilliseconds: UInt32 = 0
        ) {
            self.lastID = lastID
            self.code = code
            self.message = message
            self.graceMilliseconds = graceMilliseconds
        }
    }
}
