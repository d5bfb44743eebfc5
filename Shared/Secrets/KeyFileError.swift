import Glibc

/// Why a key file cannot be used or made: for the operator who starts the service.
package struct KeyFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One line that names the file and what to do; never holds a key.
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A system call on the file failed.
    static func failed(_ what: String, _ path: String, _ code: Int32) -> KeyFileError {
        KeyFileError(
            "key file \(path) cannot be \(what): \(unsafe String(cString: strerror(code)))")
    }
}
