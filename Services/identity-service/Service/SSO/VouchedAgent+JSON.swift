import ServiceRuntime

extension VouchedAgent {
    /// Reads `{"agent": {…}, "unit": {…}}`, as both protocols of 闽政通 answer.
    init(_ answer: JSONValue, issuer: String, subject: String) throws(ProviderError) {
        self.init(
            issuer: issuer, subject: subject,
            name: try Self.text(answer, "agent", "name", longest: 200),
            idNumber: try Self.text(answer, "agent", "id_number", longest: 18),
            phone: try Self.text(answer, "agent", "phone", longest: 20),
            unitName: try Self.text(answer, "unit", "name", longest: 600),
            uscc: try Self.text(answer, "unit", "uscc", longest: 18),
            legalRepresentativeName: try Self.text(
                answer, "unit", "legal_representative_name", longest: 200),
            legalRepresentativeIDNumber: try Self.text(
                answer, "unit", "legal_representative_id_number", longest: 18))
    }

    /// The longest number of a person at the provider, in bytes.
    static let longestSubject = 128

    /// A text that must be there, of at most `longest` bytes.
    static func text(
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
