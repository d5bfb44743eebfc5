import NIOCore
import NIOSSL

/// Why TLS did not come about, for an operator.
struct TLSFailure {
    let description: String
    /// The peer is not who it should be: trying again helps nobody.
    let isFinal: Bool

    /// Nil when the error is none of TLS.
    init?(_ error: any Error) {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self.init("its certificate names another service", isFinal: true)
        case is NIOSSLExtraError: self.init("TLS failed: \(error)")
        case NIOSSLError.uncleanShutdown: self.init("the other side closed it")
        case is NIOSSLError, is BoringSSLError: self.init(saying: "\(error)")
        default: return nil
        }
    }

    private init(_ description: String, isFinal: Bool = false) {
        self.description = description
        self.isFinal = isFinal
    }

    /// BoringSSL's errors have no other public form than their text.
    private init(saying text: String) {
        let known = Self.known.first { text.contains($0.word) }
        self.init(known?.meaning ?? "TLS failed: \(text)", isFinal: known?.isFinal ?? false)
    }

    private static let known: [(word: String, meaning: String, isFinal: Bool)] = [
        (
            "CERTIFICATE_VERIFY_FAILED",
            "its certificate is not one of this deployment's authority, or its time is over", true
        ),
        ("ALERT_UNKNOWN_CA", refused, false), ("ALERT_BAD_CERTIFICATE", refused, false),
        ("ALERT_CERTIFICATE", refused, false), ("ALERT_UNSUPPORTED_CERTIFICATE", refused, false),
        ("WRONG_VERSION_NUMBER", "the other side does not speak TLS", false),
        ("ALERT_PROTOCOL_VERSION", "the two sides have no version of TLS in common", false),
        ("UNSUPPORTED_PROTOCOL", "the two sides have no version of TLS in common", false),
        ("EOF during handshake", "the other side closed it during the TLS handshake", false),
    ]
    private static let refused =
        "the other side refused this side's certificate (another authority, or its time is over)"
}
