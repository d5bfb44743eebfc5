import Certificates
import Foundation
import RPCTransport
import ZhichengClient

/// The certificates of a deployment, in a folder:
///
///     authority.pem       the authority's private key and certificate; only to issue, no service needs it
///     ca.pem              the authority's certificate, for users' clients
///     NAME/ca.pem         the same, for the service NAME and the operator's command "zhicheng"
///     NAME/identity.pem   its own private key and certificate
struct DeploymentCertificates {
    let folder: String

    init(_ folder: String) {
        self.folder = URL(fileURLWithPath: folder).standardizedFileURL.path
    }

    /// Where `zhicheng dev` has them unless told otherwise.
    static var standard: DeploymentCertificates { DeploymentCertificates("data/certificates") }

    /// The certificate to trust.
    var authority: String { folder + "/ca.pem" }

    /// What a service's `--certificates` takes, and the operator's `--operator`.
    func folder(of name: String) -> String { "\(folder)/\(name)" }

    /// Who has a certificate, and what for.
    static let names: [(name: String, use: CertificateAuthority.Use)] =
        ServiceName.allCases.map { ($0.rawValue, .service) } + [("zhicheng", .client)]

    /// Certificates are made for so long; Apple's and the browsers' old limit, and two years of quiet.
    private static let days = 825.0
    private static let authorityDays = 3_650.0
    /// With less left a certificate is made again.
    private static let leastDays = 30.0

    /// A file that `make` looked at.
    struct Made {
        let path: String
        let isNew: Bool
        let end: Date
    }

    /// Makes what is missing, what ends within 30 days, and what another authority signed. Each file
    /// is there whole or not at all.
    /// - Parameter renewing: makes every certificate again; the authority stays.
    func make(at now: Date, renewing: Bool = false) throws(CommandFailure) -> [Made] {
        try makePrivateFolder(folder)
        do {
            let path = folder + "/authority.pem"
            let isNew = !FileManager.default.fileExists(atPath: path)
            let authority = try isNew ? newAuthority(path, now) : knownAuthority(path, now)
            let certificate = Data(try authority.certificatePEM.utf8)
            try writeChanged(certificate, to: self.authority)
            var made = [Made(path: path, isNew: isNew, end: authority.end)]
            for (name, use) in Self.names {
                try makePrivateFolder(folder(of: name))
                try writeChanged(certificate, to: folder(of: name) + "/ca.pem")
                made.append(try identity(name, use, authority, now, renewing))
            }
            return made
        } catch let failure as CommandFailure {
            throw failure
        } catch let fault as CertificateFault {
            throw CommandFailure(.usage, "\(folder): \(fault)")
        } catch {
            throw CommandFailure(.usage, "cannot write in \(folder): \(reason(error))")
        }
    }

    private func newAuthority(_ path: String, _ now: Date) throws -> CertificateAuthority {
        let authority = try CertificateAuthority(
            name: "Zhicheng deployment", validity: Self.validity(now, days: Self.authorityDays))
        try writePrivately(Data(try authority.pem.utf8), to: path)
        return authority
    }

    private func knownAuthority(_ path: String, _ now: Date) throws -> CertificateAuthority {
        do {
            let authority = try CertificateAuthority(
                pem: String(contentsOfFile: path, encoding: .utf8))
            guard authority.end.timeIntervalSince(now) > Self.leastDays * 86_400 else {
                throw CommandFailure(
                    .usage,
                    "the authority in \(path) ends on \(authority.end.formatted(.iso8601)); move the"
                        + " file away, run this again, and give every peer its new files")
            }
            return authority
        } catch let fault as CertificateFault {
            throw CommandFailure(.usage, "\(path) is no authority: \(fault)")
        }
    }

    private func identity(
        _ name: String, _ use: CertificateAuthority.Use, _ authority: CertificateAuthority,
        _ now: Date, _ renewing: Bool
    ) throws -> Made {
        let path = folder(of: name) + "/identity.pem"
        if !renewing, let text = try? String(contentsOfFile: path, encoding: .utf8),
            let known = try? IssuedCertificate(pem: text), known.isIssued(by: authority),
            known.end.timeIntervalSince(now) > Self.leastDays * 86_400
        {
            return Made(path: path, isNew: false, end: known.end)
        }
        let text = try authority.issue(
            name, for: use, validity: Self.validity(now, days: Self.days))
        try writePrivately(Data(text.utf8), to: path)
        return Made(path: path, isNew: true, end: try IssuedCertificate(pem: text).end)
    }

    /// From an hour ago, for machines whose clocks are a little behind.
    private static func validity(_ now: Date, days: Double) -> Range<Date> {
        now.addingTimeInterval(-3_600)..<now.addingTimeInterval(days * 86_400)
    }

    private func writeChanged(_ data: Data, to path: String) throws {
        guard FileManager.default.contents(atPath: path) != data else { return }
        try writePrivately(data, to: path)
    }
}

/// Credentials of files whose faults end a command in one line.
func usable(
    _ credentials: () throws(TransportError) -> TLSCredentials
) throws(CommandFailure) -> TLSCredentials {
    do throws(TransportError) {
        return try credentials()
    } catch {
        throw CommandFailure(.usage, error.description)
    }
}
