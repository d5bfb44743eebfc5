package import Certificates
import Crypto
package import Foundation
import SwiftASN1
import X509

/// The certificates of a deployment of a test's own, in a folder.
package struct TestCertificates: Sendable {
    package let folder: String
    package let authority: CertificateAuthority

    /// - Parameter folder: is there; `ca.pem` is written into it.
    package init(folder: String) throws {
        self.folder = folder
        authority = try CertificateAuthority(name: "test", validity: Self.validity(seconds: 86_400))
        try authority.certificatePEM.write(
            toFile: authorityFile, atomically: false, encoding: .utf8)
    }

    /// For clients without a certificate.
    package var authorityFile: String { folder + "/ca.pem" }

    /// Makes a service's folder, as `zhicheng certs` does.
    /// - Parameters:
    ///   - issuer: another authority than the one to trust.
    ///   - seconds: how long from now it is valid.
    /// - Returns: the folder's path.
    package func service(
        _ name: String, use: CertificateAuthority.Use = .service,
        issuer: CertificateAuthority? = nil, seconds: Double = 3_600
    ) throws -> String {
        let path = "\(folder)/\(name)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
        try authority.certificatePEM.write(
            toFile: path + "/ca.pem", atomically: false, encoding: .utf8)
        let identity = try (issuer ?? authority).issue(
            name, for: use, validity: Self.validity(seconds: seconds))
        try Self.writeIdentity(identity, in: path)
        return path
    }

    /// Private key and certificate where a service looks for them.
    package static func writeIdentity(_ pem: String, in folder: String) throws {
        let path = folder + "/identity.pem"
        try pem.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// From an hour ago.
    package static func validity(seconds: Double) -> Range<Date> {
        Date(timeIntervalSinceNow: -3_600)..<Date(timeIntervalSinceNow: seconds)
    }

    /// A private key and a certificate that nobody but itself signed.
    package static func selfSigned(_ name: String) throws -> String {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(name) }
        let validity = validity(seconds: 3_600)
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: validity.lowerBound, notValidAfter: validity.upperBound,
            issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions { SubjectAlternativeNames([.dnsName(name)]) },
            issuerPrivateKey: key)
        return try [key.serializeAsPEM(), certificate.serializeAsPEM()]
            .map { $0.pemString + "\n" }.joined()
    }
}
