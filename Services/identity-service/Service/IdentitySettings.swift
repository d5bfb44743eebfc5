import Domain
import Secrets
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// The settings of identity-service, from `--set NAME=VALUE`.
struct IdentitySettings: Sendable {
    /// The trust ticket; nil when no provider is set up: unit logins then say so.
    let provider: MinzhengtongProvider?
    /// The authorization code flow at the same provider; nil without its issuer.
    let openID: OpenIDProvider?
    let callbacks: CallbackList

    /// Where `zhicheng` listens for a browser on a development machine.
    static let developmentCallbacks = "http://127.0.0.1/callback,http://localhost/callback"

    private static let known: Set<String> = [
        "sso-address", "sso-login-address", "sso-client-id", "sso-secret", "sso-secret-file",
        "sso-callbacks", "sso-allow-plaintext", "sso-oidc-issuer",
    ]

    /// Whoever is set up.
    var providers: [any IdentityProvider] {
        var all: [any IdentityProvider] = []
        if let provider { all.append(provider) }
        if let openID { all.append(openID) }
        return all
    }

    /// - Throws: an unknown setting, a malformed address, an unreadable file.
    init(_ settings: [String: String]) throws(ConfigurationError) {
        if let unknown = settings.keys.filter({ !Self.known.contains($0) }).min() {
            throw ConfigurationError(
                "identity-service has no setting “\(unknown)”; it has "
                    + Self.known.sorted().joined(separator: ", "))
        }
        var callbacks: [HTTPAddress] = []
        let texts = settings["sso-callbacks"] ?? Self.developmentCallbacks
        for text in texts.split(separator: ",") {
            guard text.utf8.count <= CallbackList.longest, let address = HTTPAddress(String(text))
            else {
                throw ConfigurationError(
                    "sso-callbacks: “\(text)” is no address of the form http(s)://HOST[:PORT]/PATH"
                        + " of at most \(CallbackList.longest) bytes")
            }
            callbacks.append(address)
        }
        self.callbacks = CallbackList(callbacks)
        provider = try Self.provider(settings)
        openID = try Self.openID(settings["sso-oidc-issuer"], provider)
    }

    private static func openID(
        _ issuer: String?, _ provider: MinzhengtongProvider?
    ) throws(ConfigurationError) -> OpenIDProvider? {
        guard let issuer else { return nil }
        guard let provider else {
            throw ConfigurationError("sso-oidc-issuer needs sso-address too")
        }
        guard HTTPAddress(issuer) != nil else {
            throw ConfigurationError(
                "sso-oidc-issuer: “\(issuer)” is no address, as the provider's ID tokens name it")
        }
        // The secret is the key of the ID tokens' signatures.
        guard provider.secret.utf8.count >= SignedToken.shortestKey else {
            throw ConfigurationError(
                "sso-oidc-issuer needs a client secret of at least \(SignedToken.shortestKey) bytes,"
                    + " it has \(provider.secret.utf8.count)")
        }
        return OpenIDProvider(
            address: provider.address, loginAddress: provider.loginAddress,
            rules: IDTokenRules(
                issuer: issuer, audience: provider.clientID, secret: provider.secret),
            clock: SystemWallClock(), post: provider.post)
    }

    private static func provider(
        _ settings: [String: String]
    ) throws(ConfigurationError) -> MinzhengtongProvider? {
        guard let address = try base("sso-address", settings) else { return nil }
        // The client secret and personal data travel on this connection.
        guard !address.isSecure,
            address.isLoopback || settings["sso-allow-plaintext"] == "yes"
        else {
            throw ConfigurationError(
                "sso-address: only http:// works until the platform has TLS, beyond loopback only"
                    + " with --set sso-allow-plaintext=yes")
        }
        guard let clientID = settings["sso-client-id"], !clientID.isEmpty else {
            throw ConfigurationError("sso-address needs sso-client-id too")
        }
        let secret: String
        switch (settings["sso-secret"], settings["sso-secret-file"]) {
        case (let text?, nil): secret = text
        case (nil, let path?): secret = try firstLine(of: path)
        default:
            throw ConfigurationError("sso-address needs either sso-secret or sso-secret-file")
        }
        guard (1...1_024).contains(secret.utf8.count) else {
            throw ConfigurationError(
                "the client secret has \(secret.utf8.count) bytes; it has 1 to 1024")
        }
        return MinzhengtongProvider(
            address: address, loginAddress: try base("sso-login-address", settings) ?? address,
            clientID: clientID, secret: secret, post: HTTPPost())
    }

    private static func base(
        _ name: String, _ settings: [String: String]
    ) throws(ConfigurationError) -> HTTPAddress? {
        guard let text = settings[name] else { return nil }
        guard let address = HTTPAddress(text), !address.path.hasSuffix("/") else {
            throw ConfigurationError(
                "\(name): “\(text)” is no address of the form http://HOST[:PORT], without a slash at its end"
            )
        }
        return address
    }

    /// At most 1,025 bytes are read: one more than a secret may have.
    private static func firstLine(of path: String) throws(ConfigurationError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ConfigurationError("sso-secret-file: cannot read “\(path)” (errno \(errno))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1_025)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else {
            throw ConfigurationError("sso-secret-file: cannot read “\(path)” (errno \(errno))")
        }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
            ?? ""
    }
}
