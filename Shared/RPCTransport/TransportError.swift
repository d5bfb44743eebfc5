import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// Why a server cannot listen, or what is wrong with its certificates: what the operator must change, in one line.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    init(cannotListenOn host: String, _ port: Int, _ error: any Error) {
        let address = addressText(host, port)
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            self.init(
                "\(address) is already in use; stop the program that listens there or choose another port"
            )
        case EACCES:
            self.init("listening on \(address) is not permitted; choose a port above 1023")
        case EADDRNOTAVAIL:
            self.init("\(address) is no address of this machine; choose one that is")
        default:
            self.init("cannot listen on \(address): \(explained(error))")
        }
    }
}

/// "127.0.0.1:7004" or "[::1]:7004".
func addressText(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
}

/// A network error in a few words.
func explained(_ error: any Error) -> String {
    switch error {
    case let error as IOError: return unsafe String(cString: strerror(error.errnoCode))
    case let error as NIOConnectionError:
        if let first = error.connectionErrors.first { return explained(first.error) }
        if error.dnsAError != nil || error.dnsAAAAError != nil { return "the host is unknown" }
        return "no address could be reached"
    case SocketAddressError.unknown: return "the host is unknown"
    case ChannelError.connectTimeout: return "no answer to the attempt to connect"
    default: return TLSFailure(error)?.description ?? "\(error)"
    }
}
