import Crypto
package import Foundation
import SwiftASN1
import X509

/// The authority of one deployment: signs the certificates that say which peer is which service
/// (PROTOCOL.md, Who is who). Keys are P-256.
package struct CertificateAuthority: Sendable {
    private let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// What a certificate is good for.
    package enum Use: Sendable {
        /// Listens, and calls others.
        case service
        /// Only calls others.
        case client
    }

    /// Makes a new one.
    /// - Parameters:
    ///   - name: for people; nothing compares it.
    ///   - validity: no certificate of its outlives it.
    package init(name: String, validity: Range<Date>) throws(CertificateFault) {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let identifier = SubjectKeyIdentifier(hash: key.publicKey)
        certificate = try .signed(
            subject: name, key: key.publicKey, validity: validity, issuer: nil, issuerKey: key
        ) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            identifier
        }
    }

    /// Reads what `pem` told.
    /// - Throws: when it is no private key followed by a certificate.
    package init(pem: String) throws(CertificateFault) {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: pem)
            guard documents.count == 2 else { throw CertificateFault.notPEM }
            key = try Certificate.PrivateKey(pemDocument: documents[0])
            certificate = try Certificate(pemDocument: documents[1])
        } catch {
            throw .notPEM
        }
        guard key.publicKey == certificate.publicKey else { throw .notPEM }
    }

    /// Private key and certificate; whoever has it is the authority.
    package var pem: String {
        get throws(CertificateFault) { try Self.text(key, certificate) }
    }

    /// The certificate alone: whom the deployment's peers trust.
    package var certificatePEM: String {
        get throws(CertificateFault) {
            do { return try certificate.serializeAsPEM().pemString + "\n" } catch {
                throw CertificateFault("a certificate cannot be written: \(error)")
            }
        }
    }

    /// When it ends.
    package var end: Date { certificate.notValidAfter }

    /// A new private key, and a certificate for it that names the peer.
    /// - Parameters:
    ///   - name: "quota-service"; the certificate's one DNS name.
    ///   - validity: cut to the authority's own.
    /// - Returns: both as PEM, the key first.
    package func issue(
        _ name: String, for use: Use, validity: Range<Date>
    ) throws(CertificateFault) -> String {
        let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let end = max(validity.lowerBound, min(validity.upperBound, end))
        let usages: [ExtendedKeyUsage.Usage] =
            use == .service ? [.serverAuth, .clientAuth] : [.clientAuth]
        let issued = try Certificate.signed(
            subject: name, key: own.publicKey, validity: validity.lowerBound..<end,
            issuer: certificate.subject, issuerKey: key
        ) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage(usages)
            // Verifiers that keep to RFC 5280 want to find the authority's key by it.
            AuthorityKeyIdentifier(
                keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
            SubjectAlternativeNames([.dnsName(name)])
        }
        return try Self.text(own, issued)
    }

    private static func text(
        _ key: Certificate.PrivateKey, _ certificate: Certificate
    ) throws(CertificateFault) -> String {
        do {
            return try [key.serializeAsPEM(), certificate.serializeAsPEM()]
                .map { $0.pemString + "\n" }.joined()
        } catch {
            throw CertificateFault("a certificate cannot be written: \(error)")
        }
    }
}

/// What is known of a certificate in a PEM file.
package struct IssuedCertificate: Sendable {
    private let certificate: Certificate

    /// Reads the first certificate of a text that may hold a private key, too.
    package init(pem: String) throws(CertificateFault) {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: pem)
            guard
                let document = documents.first(where: {
                    $0.discriminator == Certificate.defaultPEMDiscriminator
                })
            else { throw CertificateFault.notPEM }
            certificate = try Certificate(pemDocument: document)
        } catch {
            throw .notPEM
        }
    }

    /// When it ends.
    package var end: Date { certificate.notValidAfter }

    /// Whether the authority signed it.
    package func isIssued(by authority: CertificateAuthority) -> Bool {
        authority.hasSigned(certificate)
    }
}

extension CertificateAuthority {
    fileprivate func hasSigned(_ other: Certificate) -> Bool {
        certificate.publicKey.isValidSignature(other.signature, for: other)
    }
}

/// Why a certificate cannot be read or made.
package struct CertificateFault: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    static let notPEM = CertificateFault("it holds no private key and certificate in PEM")
}

extension Certificate {
    /// - Parameter issuer: nil: it signs itself.
    fileprivate static func signed(
        subject: String, key: PublicKey, validity: Range<Date>, issuer: DistinguishedName?,
        issuerKey: PrivateKey,
        @ExtensionsBuilder extensions: () throws -> Result<Extensions, any Error>
    ) throws(CertificateFault) -> Certificate {
        do {
            let subject = try DistinguishedName {
                OrganizationName("Zhicheng")
                CommonName(subject)
            }
            return try Certificate(
                version: .v3, serialNumber: SerialNumber(), publicKey: key,
                notValidBefore: validity.lowerBound, notValidAfter: validity.upperBound,
                issuer: issuer ?? subject, subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions().get(),
                issuerPrivateKey: issuerKey)
        } catch {
            throw CertificateFault("a certificate for \(subject) cannot be made: \(error)")
        }
    }
}
