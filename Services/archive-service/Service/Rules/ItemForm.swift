import MessageCoding
import Messages

/// What an applicant filled in: values by the keys of the kind's fields.
struct ItemForm: Sendable, Hashable {
    private var values: [String: String] = [:]

    /// "" where nothing was filled in.
    subscript(key: String) -> String {
        get { values[key] ?? "" }
        set { values[key] = newValue.isEmpty ? nil : newValue }
    }

    /// The bytes of all values.
    var byteCount: Int { values.values.reduce(0) { $0 + $1.utf8.count } }

    init() {}

    /// Reads what ``storedBytes`` wrote.
    init(storedBytes: [UInt8]) throws {
        // As lists read it.
        guard !storedBytes.isEmpty else { return }
        for value in try Archive.Item(decoding: storedBytes).values {
            self[value.key] = value.value
        }
    }

    /// An `Archive.Item` with nothing but its values, in the order of their keys.
    var storedBytes: [UInt8] {
        let item = Archive.Item(
            values: values.sorted { $0.key < $1.key }
                .map { Common.FormValue(key: $0.key, value: $0.value) })
        guard let bytes = try? item.encodedBytes() else {
            preconditionFailure("a form within its bounds can be encoded")
        }
        return bytes
    }
}
