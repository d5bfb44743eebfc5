import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Asks on the terminal; without one it reads lines of standard input.
struct Prompt {
    /// The longest answer, in bytes.
    static let longest = 1_024

    var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// One line.
    /// - Parameter hidden: what is typed does not show.
    /// - Throws: when the input is over, or the line is too long.
    func line(_ question: String, hidden: Bool) throws(CommandFailure) -> String {
        var before = termios()
        let hides = hidden && isTerminal && tcgetattr(STDIN_FILENO, &before) == 0
        if isTerminal { FileHandle.standardError.write(Data(question.utf8)) }
        if hides {
            var silent = before
            silent.c_lflag &= ~tcflag_t(ECHO)
            _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        defer {
            if hides {
                _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
                FileHandle.standardError.write(Data("\n".utf8))
            }
        }
        guard let line = readLine(strippingNewline: true) else {
            throw CommandFailure(.usage, "an answer is missing on standard input: \(question)")
        }
        guard line.utf8.count <= Self.longest else {
            throw CommandFailure(
                .usage, "the answer has \(line.utf8.count) bytes, at most \(Self.longest) are read")
        }
        return line
    }
}
