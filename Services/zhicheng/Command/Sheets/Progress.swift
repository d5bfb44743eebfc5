import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A line on the terminal that counts long work; without a terminal it says nothing.
struct Progress {
    private let before: String
    private let after: String
    private let isTerminal = isatty(STDERR_FILENO) == 1

    /// - Parameters:
    ///   - before: what is said before the number: "已导出".
    ///   - after: what is counted: "行".
    init(_ before: String, _ after: String) {
        self.before = before
        self.after = after
    }

    func show(_ count: Int) {
        if isTerminal { write("\r\(before) \(count) \(after)") }
    }

    /// Clears the line.
    func end() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
