import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// Whom this process trusts, and what it proves itself with: TLS 1.3 with certificates of the
/// deployment's own authority, which `zhicheng certs` makes. Copies share what `renew` reads.
public struct TLSCredentials: Sendable {
    /// What connections are made with.
    private struct Contexts {
        /// Nil without a certificate of its own: a client of a user.
        var server: NIOSSLContext?
        var client: NIOSSLContext
        var name: String?
    }

    private final class Current: Sendable {
        let contexts: Mutex<Contexts>
        /// The files as they were when they were last looked at.
        let seen: Mutex<[PEMFile.Version?]>

        init(_ contexts: Contexts, _ seen: [PEMFile.Version?]) {
            self.contexts = Mutex(contexts)
            self.seen = Mutex(seen)
        }
    }

    private let current: Current
    private let files: Files
    /// The service that the own certificate names; nil without one.
    public let name: String?

    /// For connections that come; nil without a certificate of its own.
    var server: NIOSSLContext? { current.contexts.withLock { $0.server } }
    /// For connections that are made.
    var client: NIOSSLContext { current.contexts.withLock { $0.client } }

    /// What both sides must speak inside of TLS, so that no other protocol's bytes are taken for ours.
    static let applicationProtocol = "zhicheng/1"

    /// For users' clients, which show no certificate.
    /// - Parameter authorityFile: the authority's certificate in PEM, `ca.pem`.
    /// - Throws: when the file is missing or holds no certificate.
    public init(authorityFile: String) throws(TransportError) {
        try self.init(Files(authority: authorityFile, identity: nil))
    }

    /// For services and the operator's command.
    /// - Parameter folder: holds `ca.pem`, the authority's certificate, and `identity.pem`, the own
    ///   private key with its certificate, which nobody else may read.
    /// - Throws: when a file is missing, is not what it should be, is readable by others, or the
    ///   certificate's time is over.
    public init(folder: String) throws(TransportError) {
        try self.init(Files(authority: folder + "/ca.pem", identity: folder + "/identity.pem"))
    }

    private init(_ files: Files) throws(TransportError) {
        self.files = files
        let seen = files.versions
        let contexts = try files.contexts()
        name = contexts.name
        current = Current(contexts, seen)
    }

    /// Reads the files again if they have changed since they were last looked at: for connections that
    /// begin from now on.
    /// - Returns: whether they had.
    /// - Throws: what is wrong with them, once for each change; everything stays as it was then.
    package func renew() throws(TransportError) -> Bool {
        let found = files.versions
        let isSame = current.seen.withLock { seen in
            defer { seen = found }
            return seen == found
        }
        guard !isSame else { return false }
        let contexts = try files.contexts(isReplacement: true)
        guard contexts.name == name else {
            throw TransportError(
                "the certificate in \(files.identity ?? "") names \(contexts.name ?? "nobody")"
                    + " instead of \(name ?? "nobody")")
        }
        current.contexts.withLock { $0 = contexts }
        return true
    }
}

extension TLSCredentials {
    /// Where the certificates are.
    private struct Files {
        let authority: String
        /// Nil without a certificate of its own.
        let identity: String?

        var versions: [PEMFile.Version?] {
            [authority, identity].map { path in path.flatMap { PEMFile.Version($0) } }
        }

        /// - Parameter isReplacement: whether the own certificate must be one of the authority: what works is not
        ///   given up for what nobody would trust.
        func contexts(isReplacement: Bool = false) throws(TransportError) -> Contexts {
            let roots = try certificates(authority)
            guard let identity else {
                return Contexts(client: try context(authority, client(roots)))
            }
            let (key, certificate, name) = try own(identity)
            if isReplacement,
                !roots.contains(where: { PeerCertificate.has($0, signed: certificate) })
            {
                throw TransportError(
                    "the certificate in \(identity) is not signed by the authority in \(authority)")
            }
            var toUs = TLSConfiguration.makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
            toUs.trustRoots = .certificates(roots)
            // Users' clients have none; who shows one must hold one that the authority signed.
            toUs.certificateVerification = .optionalVerification
            var toOthers = client(roots)
            toOthers.certificateChain = [.certificate(certificate)]
            toOthers.privateKey = .privateKey(key)
            return Contexts(
                server: try context(identity, toUs), client: try context(identity, toOthers),
                name: name)
        }

        private func own(
            _ path: String
        ) throws(TransportError) -> (NIOSSLPrivateKey, NIOSSLCertificate, String) {
            let bytes = try PEMFile.read(path, isPrivate: true)
            let certificate: NIOSSLCertificate
            let key: NIOSSLPrivateKey
            do {
                key = try NIOSSLPrivateKey(bytes: bytes, format: .pem)
                certificate = try NIOSSLCertificate(bytes: bytes, format: .pem)
            } catch {
                throw TransportError(
                    "\(path) does not hold a private key and its certificate in PEM")
            }
            guard let name = PeerCertificate.name(certificate) else {
                throw TransportError(
                    "the certificate in \(path) does not name exactly one service")
            }
            guard time(nil) < certificate.notValidAfter else {
                throw TransportError(
                    "the time of the certificate in \(path) is over; run `zhicheng certs` again")
            }
            return (key, certificate, name)
        }

        private func client(_ roots: [NIOSSLCertificate]) -> TLSConfiguration {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(roots)
            configuration.certificateVerification = .fullVerification
            return configuration
        }

        private func context(
            _ path: String, _ configuration: TLSConfiguration
        ) throws(TransportError) -> NIOSSLContext {
            var configuration = configuration
            configuration.minimumTLSVersion = .tlsv13
            configuration.applicationProtocols = [applicationProtocol]
            configuration.shutdownTimeout = .seconds(1)
            do {
                return try NIOSSLContext(configuration: configuration)
            } catch {
                throw TransportError(
                    "\(path) cannot be used: private key and certificate do not fit")
            }
        }

        private func certificates(
            _ path: String
        ) throws(TransportError) -> [NIOSSLCertificate] {
            let bytes = try PEMFile.read(path, isPrivate: false)
            guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
                throw TransportError("\(path) holds no certificate in PEM")
            }
            return found
        }
    }
}

extension TLSCredentials: CustomStringConvertible, CustomReflectable {
    /// Tells no key.
    public var description: String { "TLSCredentials(\(name ?? "anonymous"))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
