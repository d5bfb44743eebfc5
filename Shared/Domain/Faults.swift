/// What is wrong with a value that somebody gave.
package struct ValueFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// For the person who gave the value; never holds the value itself.
    package let message: String

    /// - Parameter message: for the person who gave the value, without the value.
    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}

/// What is wrong with one field of a form.
package struct FieldFault: Sendable, Hashable {
    /// The field's name in the request: "details.email".
    package let field: String
    /// The field's Chinese label on the screen.
    package let label: String
    /// What is wrong, in Chinese; never holds the value itself.
    package let message: String

    /// A fault of that field.
    package init(field: String, label: String, message: String) {
        self.field = field
        self.label = label
        self.message = message
    }
}
