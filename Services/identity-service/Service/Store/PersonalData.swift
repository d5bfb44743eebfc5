import Domain
import RPC
import Secrets
import Storage

/// ID numbers and phones on their way into and out of the tables.
struct PersonalData: Sendable {
    let cipher: PersonalFieldCipher

    /// Where a sealed value stands: it opens nowhere else.
    enum Place: Sendable, Hashable {
        case personIDNumber(String)
        case personPhone(String)
        case legalRepresentativeID(unit: String)
        case legalRepresentativePhone(unit: String)
        case contactPhone(unit: String)
        /// Of the person's registration.
        case registrationIDNumber(person: String)
        case registrationPhone(person: String)

        var field: FieldPlace {
            switch self {
            case .personIDNumber(let id): FieldPlace(table: "persons", row: id, column: "id_number")
            case .personPhone(let id): FieldPlace(table: "persons", row: id, column: "phone")
            case .legalRepresentativeID(let id):
                FieldPlace(table: "units", row: id, column: "legal_id")
            case .legalRepresentativePhone(let id):
                FieldPlace(table: "units", row: id, column: "legal_phone")
            case .contactPhone(let id): FieldPlace(table: "units", row: id, column: "contact_phone")
            case .registrationIDNumber(let id):
                FieldPlace(table: "registrations", row: id, column: "id_number")
            case .registrationPhone(let id):
                FieldPlace(table: "registrations", row: id, column: "phone")
            }
        }
    }

    func seal(_ text: String, _ place: Place) throws -> [UInt8] {
        try cipher.seal(text, at: place.field)
    }

    func open(_ sealed: [UInt8], _ place: Place) throws -> String {
        try cipher.open(sealed, at: place.field)
    }

    /// The keyed index of an ID number: equal for equal numbers, in any table.
    func index(idNumber: String) -> [UInt8] {
        cipher.searchIndex(of: idNumber, domain: "id_number")
    }

    /// For audit rows: says whether two values are the same, and nothing else.
    func fingerprint(_ text: String) -> String {
        Hexadecimal.text(cipher.searchIndex(of: text, domain: "audit").prefix(16))
    }

    /// The hash of a request's bytes under its idempotency key: keyed, as what it holds could be guessed.
    func requestHash(_ bytes: [UInt8]) -> [UInt8] {
        cipher.searchIndex(of: Hexadecimal.text(bytes), domain: "request")
    }

    /// A text of 43 characters that only this deployment can make of that one, for one use.
    func derived(from text: String, for use: String) -> String {
        Base64URL.text(cipher.searchIndex(of: text, domain: use))
    }

    /// "3501**********0012": four digits at both ends.
    func maskedIDNumber(_ sealed: [UInt8]?, _ place: Place) throws -> String {
        try sealed.map { masked(try open($0, place), keeping: (4, 4)) } ?? ""
    }

    /// "139****0001".
    func maskedPhone(_ sealed: [UInt8]?, _ place: Place) throws -> String {
        try sealed.map { masked(try open($0, place), keeping: (3, 4)) } ?? ""
    }

    private func masked(_ text: String, keeping: (first: Int, last: Int)) -> String {
        // A short number keeps nothing but its last two signs.
        guard text.count >= keeping.first + keeping.last + 4 else {
            return String(repeating: "*", count: max(text.count - 2, 1)) + text.suffix(2)
        }
        return text.prefix(keeping.first)
            + String(repeating: "*", count: text.count - keeping.first - keeping.last)
            + text.suffix(keeping.last)
    }
}
