import Domain
import Testing

@Suite struct HexadecimalTests {
    @Test func bytesComeBack() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hexadecimal.text([0, 15, 16, 0xAB]) == "000f10ab")
        #expect(Hexadecimal.bytes(Hexadecimal.text(all)) == all)
        #expect(Hexadecimal.bytes("AbCd") == [0xAB, 0xCD] && Hexadecimal.bytes("") == [])
    }

    @Test(arguments: ["a", "0g", "+1", "１２", "0 "])
    func nothingElseIsHexadecimal(_ text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }
}
