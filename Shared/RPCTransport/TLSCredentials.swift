import Glibc
import NIOCore
import NIOSSL

/// Whom this process trusts, and what it proves itself with: TLS 1.3 with certificates of the
/// deployment's own authority, which `zhicheng certs` makes.
public struct TLSCredentials: Sendable {
    /// Nil without a certificate of its own: a client of a user.
    let server: NIOSSLContext?
    let client: NIOSSLContext
    /// The service that the own certificate names; nil without one.
    public let name: String?

    /// What both sides must speak inside of TLS, so that no other protocol's bytes are taken for ours.
    static let applicationProtocol = "zhicheng/1"

    /// For users' clients, which show no certificate.
    /// - Parameter authorityFile: the authority's certificate in PEM, `ca.pem`.
    /// - Throws: when the file is missing or holds no certificate.
    public init(authorityFile: String) throws(TransportError) {
        let roots = try Self.certificates(authorityFile)
        name = nil
        server = nil
        client = try Self.context(authorityFile, Self.client(roots))
    }

    /// For services and the operator's command.
    /// - Parameter folder: holds `ca.pem`, the authority's certificate, and `identity.pem`, the own
    ///   private key with its certificate, which nobody else may read.
    /// - Throws: when a file is missing, is not what it should be, is readable by others, or the
    ///   certificate's time is over.
    public init(folder: String) throws(TransportError) {
        let roots = try Self.certificates(folder + "/ca.pem")
        let path = folder + "/identity.pem"
        let bytes = try PEMFile.read(path, isPrivate: true)
        let certificate: NIOSSLCertificate
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: bytes, format: .pem)
            certificate = try NIOSSLCertificate(bytes: bytes, format: .pem)
        } catch {
            throw TransportError("\(path) does not hold a private key and its certificate in PEM")
        }
        guard let name = PeerCertificate.name(certificate) else {
            throw TransportError("the certificate in \(path) does not name exactly one service")
        }
        guard time(nil) < certificate.notValidAfter else {
            throw TransportError(
                "the time of the certificate in \(path) is over; run `zhicheng certs` again")
        }
        self.name = name
        var own = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
        own.trustRoots = .certificates(roots)
        // Users' clients have none; who shows one must hold one that the authority signed.
        own.certificateVerification = .optionalVerification
        server = try Self.context(path, own)
        var toOthers = Self.client(roots)
        toOthers.certificateChain = [.certificate(certificate)]
        toOthers.privateKey = .privateKey(key)
        client = try Self.context(path, toOthers)
    }

    private static func client(_ roots: [NIOSSLCertificate]) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(roots)
        configuration.certificateVerification = .fullVerification
        return configuration
    }

    private static func context(
        _ path: String, _ configuration: TLSConfiguration
    ) throws(TransportError) -> NIOSSLContext {
        var configuration = configuration
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = [applicationProtocol]
        configuration.shutdownTimeout = .seconds(1)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TransportError("\(path) cannot be used: private key and certificate do not fit")
        }
    }

    private static func certificates(
        _ path: String
    ) throws(TransportError) -> [NIOSSLCertificate] {
        let bytes = try PEMFile.read(path, isPrivate: false)
        guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
            throw TransportError("\(path) holds no certificate in PEM")
        }
        return found
    }
}

extension TLSCredentials: CustomStringConvertible, CustomReflectable {
    /// Tells no key.
    public var description: String { "TLSCredentials(\(name ?? "anonymous"))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Small files, read whole.
private enum PEMFile {
    /// The most bytes of a file: a key and some certificates.
    static let limit = 64 << 10

    static func read(_ path: String, isPrivate: Bool) throws(TransportError) -> [UInt8] {
        // Without O_NONBLOCK a pipe in the file's place would hold the process up.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw TransportError(
                "\(path) cannot be opened: \(explained(errno)); `zhicheng certs` makes it")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TransportError("\(path) is not a file")
        }
        guard !isPrivate || status.st_mode & 0o077 == 0 else {
            throw TransportError(
                "\(path) may be used by others than its owner; run: chmod 600 \(path)")
        }
        guard status.st_size <= limit else {
            throw TransportError(
                "\(path) has \(status.st_size) bytes; at most \(limit) are read")
        }
        var content = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = unsafe Glibc.read(descriptor, &content, content.count)
        guard count >= 0 else {
            throw TransportError("\(path) cannot be read: \(explained(errno))")
        }
        return Array(content.prefix(count))
    }

    private static func explained(_ code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }
}
