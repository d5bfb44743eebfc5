import NIOCore
import RPC

#if canImport(Glibc)
    import Glibc
#endif

extension PeerNetwork {
    /// Nil for a socket without an address of the Internet.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let address):
            let bytes = unsafe withUnsafeBytes(of: address.address.sin_addr) { unsafe Array($0) }
            self.init(address: bytes)
        case .v6(let address):
            let bytes = unsafe withUnsafeBytes(of: address.address.sin6_addr) { unsafe Array($0) }
            self.init(address: bytes)
        case .unixDomainSocket, nil: return nil
        }
    }
}
