import RPC
import Testing

@Suite struct PeerNetworkTests {
    /// 2001:db8:0:S::N
    private func six(_ subnet: UInt8, _ n: UInt8) -> PeerNetwork? {
        PeerNetwork(
            address: [0x20, 1, 0x0D, 0xB8, 0, 0, 0, subnet] + Array(repeating: n, count: 8))
    }

    private func four(_ last: UInt8) -> PeerNetwork? { PeerNetwork(address: [192, 0, 2, last]) }

    @Test func anIPv4AddressIsOneAndASubscriberOfIPv6Is() {
        #expect(four(1) == four(1) && four(1) != four(2))
        #expect(six(1, 1) == six(1, 2), "the same /64")
        #expect(six(1, 1) != six(2, 1) && six(1, 1) != four(1))
        let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2]
        #expect(PeerNetwork(address: mapped + [1]) == four(1))
        #expect(PeerNetwork(address: mapped + [2]) == four(2))
    }

    @Test(arguments: [0, 3, 5, 15, 17])
    func nothingElseIsAnAddress(_ count: Int) {
        #expect(PeerNetwork(address: Array(repeating: 1, count: count)) == nil)
    }
}
