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

    func loginAddress(redirect: String, state: String) -> String {
        "\(loginAddress)/login?client_id=\(percentEncoded(clientID))"
            + "&redirect=\(percentEncoded(redirect))&state=\(percentEncoded(state))"
    }

    func exchange(ticket: String) async throws(ProviderError) -> VouchedAgent {
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
        return VouchedAgent(
            issuer: Self.issuer,
            subject: try Self.text(value, "agent", "subject", longest: 128),
            name: try Self.text(value, "agent", "name", longest: 200),
            idNumber: try Self.text(value, "agent", "id_number", longest: 18),
            phone: try Self.text(value, "agent", "phone", longest: 20),
            unitName: try Self.text(value, "unit", "name", longest: 600),
            uscc: try Self.text(value, "unit", "uscc", longest: 18),
            legalRepresentativeName: try Self.text(
                value, "unit", "legal_representative_name", longest: 200),
            legalRepresentativeIDNumber: try Self.text(
                value, "unit", "legal_representative_id_number", longest: 18))
    }

    private static func refusal(_ status: Int, _ value: JSONValue) -> ProviderError {
        switch value["error"]?.string {
        case "invalid_ticket": ProviderError(.refusedTicket, "the ticket is refused")
        case "unknown_client": ProviderError(.refusedClient, "client id or secret is refused")
        default: ProviderError(.malformed, "a refusal with status \(status)")
        }
    }

    /// A text that must be there, of at most `longest` bytes.
    private static func text(
        _ value: JSONValue, _ object: String, _ member: String, longest: Int
    ) throws(ProviderError) -> String {
        guard let text = value[object]?[member]?.string, !text.isEmpty,
            text.utf8.count <= longest
        else {
            throw ProviderError(.malformed, "the answer lacks a usable “\(object).\(member)”")
        }
        return text
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
