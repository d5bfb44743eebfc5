import Certificates
import Foundation
import TestSupport
import Testing

@Suite("The authority of a deployment")
struct CertificateAuthorityTests {
    private let validity = TestCertificates.validity(seconds: 1_000)

    @Test("What is told is read again, and signs as before")
    func roundTrip() throws {
        let made = try CertificateAuthority(name: "made", validity: validity)
        let read = try CertificateAuthority(pem: try made.pem)
        #expect(try read.certificatePEM == made.certificatePEM)
        let issued = try IssuedCertificate(
            pem: try read.issue("quota-service", for: .service, validity: validity))
        #expect(issued.isIssued(by: made))
        let other = try CertificateAuthority(name: "made", validity: validity)
        #expect(!issued.isIssued(by: other))
    }

    @Test("No certificate outlives its authority")
    func end() throws {
        let authority = try CertificateAuthority(name: "short", validity: validity)
        let issued = try IssuedCertificate(
            pem: try authority.issue(
                "quota-service", for: .service,
                validity: TestCertificates.validity(seconds: 1_000_000)))
        #expect(issued.end == authority.end)
    }

    @Test("Every certificate has a key of its own")
    func keys() throws {
        let authority = try CertificateAuthority(name: "keys", validity: validity)
        func key() throws -> Substring {
            let pem = try authority.issue("a", for: .client, validity: validity)
            return try #require(pem.split(separator: "-----BEGIN CERTIFICATE").first)
        }
        #expect(try key() != key())
    }

    @Test("What is no authority is refused", arguments: ["", "a letter", "-----BEGIN"])
    func malformed(text: String) throws {
        #expect(throws: CertificateFault.self) { try CertificateAuthority(pem: text) }
        #expect(throws: CertificateFault.self) { try IssuedCertificate(pem: text) }
    }

    @Test("Every cut of a good text is refused, and so is another's key")
    func cutsAndSwaps() throws {
        let one = try CertificateAuthority(name: "one", validity: validity).pem
        for length in stride(from: 0, to: one.count - 2, by: 7) {
            #expect(throws: CertificateFault.self) {
                try CertificateAuthority(pem: String(one.prefix(length)))
            }
        }
        let two = try CertificateAuthority(name: "two", validity: validity).pem
        let border = "-----BEGIN CERTIFICATE-----"
        let key = try #require(one.components(separatedBy: border).first)
        let certificate = try #require(two.components(separatedBy: border).last)
        #expect(throws: CertificateFault.self) {
            try CertificateAuthority(pem: key + border + certificate)
        }
    }
}
