import NIOCore
import RPC

extension PeerNetwork {
    /// Nil for a socket without an address of the Internet.
    init?(_ address: SocketAddress?) {
        // Family and port come first; in IPv6, the flow label too (ip(7), ipv6(7)).
        switch address {
        case .v4(let address):
            let bytes = unsafe withUnsafeBytes(of: address.address) { unsafe Array($0[4..<8]) }
            self.init(address: bytes)
        case .v6(let address):
            let bytes = unsafe withUnsafeBytes(of: address.address) { unsafe Array($0[8..<24]) }
            self.init(address: bytes)
        case .unixDomainSocket, nil: return nil
        }
    }
}
