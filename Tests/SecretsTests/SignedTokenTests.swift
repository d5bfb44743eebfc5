import Secrets
import Testing

@Suite("Signed tokens and code challenges")
struct SignedTokenTests {
    private let key = Array("a key of more than thirty-two bytes!".utf8)

    @Test(
        "Base64url is that of RFC 4648, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
            ("foobar", "Zm9vYmFy"), ("\u{3FF}?~", "z78_fg"),
        ])
    func base64(plain: String, text: String) {
        #expect(Base64URL.text(Array(plain.utf8)) == text)
        #expect(Base64URL.bytes(text) == Array(plain.utf8))
    }

    @Test(
        "Nothing but the one text of the bytes is read",
        arguments: ["Zg==", "Zh", "Z", "Zm9v\n", "Zm+v", "Zm/v", " Zg", "Zm9vY", "中"])
    func strictBase64(text: String) {
        #expect(Base64URL.bytes(text) == nil)
    }

    @Test("The vector of RFC 7515, A.1")
    func vector() throws {
        let key = try #require(
            Base64URL.bytes(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
            ))
        let text =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
            + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let token = try #require(SignedToken(verifying: text, key: key))
        #expect(String(decoding: token.payload, as: UTF8.self).contains("\"iss\":\"joe\""))
    }

    @Test("Every change of a sign, and every other key, breaks the signature")
    func mutations() throws {
        let text = SignedToken.signing(header: [1, 2, 3], payload: [4, 5, 6, 7], key: key)
        let token = try #require(SignedToken(verifying: text, key: key))
        #expect(token.header == [1, 2, 3] && token.payload == [4, 5, 6, 7])
        var bytes = Array(text.utf8)
        for index in bytes.indices {
            let sign = bytes[index]
            for other in Array("A.b".utf8) where other != sign {
                bytes[index] = other
                #expect(
                    SignedToken(verifying: String(decoding: bytes, as: UTF8.self), key: key) == nil)
            }
            bytes[index] = sign
        }
        #expect(SignedToken(verifying: text, key: key.reversed()) == nil)
        #expect(SignedToken(verifying: text + ".", key: key) == nil)
        #expect(SignedToken(verifying: "", key: key) == nil)
        let long = SignedToken.signing(
            header: [1], payload: [UInt8](repeating: 0, count: SignedToken.longest), key: key)
        #expect(SignedToken(verifying: long, key: key) == nil)
    }

    @Test("The vector of RFC 7636, appendix B")
    func challenge() {
        #expect(
            CodeChallenge.s256(verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
                == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }
}
