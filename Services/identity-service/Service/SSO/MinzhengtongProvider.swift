import ServiceRuntime

/// The trust-ticket redirect of 闽政通: the browser brings a ticket back, this side exchanges it with
/// the form field `POSTPARAM_JSON`.
struct MinzhengtongProvider: IdentityProvider {
    static let issuer = "minzhengtong"
    /// The longest ticket that is passed on, in bytes.
    static let longestTicket = 512

    /// Where this side asks.
    let address: HTTPAddress
    /// Where browsers go; another address when this side reaches the provider through a private one.
    let loginAddress: HTTPAddress
    let clientID: String
    let secret: String
    let post: HTTPPost

    var name: String { Self.issuer }

    func loginAddress(_ attempt: LoginAttempt) -> String {
        "\(loginAddress)/login?client_id=\(percentEncoded(clientID))"
            + "&redirect=\(percentEncoded(attempt.redirect))"
            + "&state=\(percentEncoded(attempt.state))"
    }

    func exchange(
        _ ticket: String, of attempt: LoginAttempt
    ) async throws(ProviderError) -> VouchedAgent {
        guard (1...Self.longestTicket).contains(ticket.utf8.count) else {
            throw ProviderError(.refusedTicket, "a ticket of \(ticket.utf8.count) bytes")
        }
        let parameters = JSONValue.object([
            "ticket": .string(ticket), "client_id": .string(clientID), "secret": .string(secret),
        ])
        let reply = try await post(
            address, path: "/exchange",
            form: "POSTPARAM_JSON=\(percentEncoded(parameters.text))")
        guard let value = JSONValue(parsing: reply.body) else {
            throw ProviderError(.malformed, "an answer (status \(reply.status)) that is not JSON")
        }
        guard reply.status == 200, value["success"] == .bool(true) else {
            throw Self.refusal(reply.status, value)
        }
        return try VouchedAgent(
            value, issuer: Self.issuer,
            subject: try VouchedAgent.text(
                value, "agent", "subject", longest: VouchedAgent.longestSubject))
    }

    private static func refusal(_ status: Int, _ value: JSONValue) -> ProviderError {
        switch value["error"]?.string {
        case "invalid_ticket": ProviderError(.refusedTicket, "the ticket is refused")
        case "unknown_client": ProviderError(.refusedClient, "client id or secret is refused")
        default: ProviderError(.malformed, "a refusal with status \(status)")
        }
    }
}

/// A value for a query or a form: everything but letters, digits and `-._~` as %XX.
func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            result.unicodeScalars.append(UnicodeScalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            result += "%" + (digits.count == 1 ? "0" : "") + digits
        }
    }
    return result
}
