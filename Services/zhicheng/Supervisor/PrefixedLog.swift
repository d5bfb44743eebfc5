import Glibc
import Synchronization

/// One log of all children: each line begins with its child's name.
package final class PrefixedLog: Sendable {
    private let descriptor: Int32
    private let width: Int
    private let colours: [String: String]
    /// Held while a line is written, so that lines do not mix.
    private let writing = Mutex(())

    private static let palette = ["36", "32", "33", "35", "34", "96", "92", "95"]

    /// - Parameters:
    ///   - names: of all children, for the width of the prefix.
    ///   - coloured: whether prefixes have colours; nil = when the descriptor is a terminal.
    package init(
        names: [String], descriptor: Int32 = STDOUT_FILENO, coloured: Bool? = nil
    ) {
        self.descriptor = descriptor
        width = names.map(\.count).max() ?? 0
        let isColoured = coloured ?? (isatty(descriptor) == 1)
        var colours: [String: String] = [:]
        if isColoured {
            for (index, name) in names.enumerated() {
                colours[name] = Self.palette[index % Self.palette.count]
            }
        }
        self.colours = colours
    }

    /// Writes what a child wrote. Control characters are left out: a log line does not steer a terminal.
    package func write(_ line: ChildLine) {
        write(line.text, from: line.name)
    }

    /// Writes a line under a name.
    package func write(_ text: String, from name: String) {
        var prefix = name + String(repeating: " ", count: max(0, width - name.count)) + " |"
        if let colour = colours[name] { prefix = "\u{1B}[\(colour)m\(prefix)\u{1B}[0m" }
        var kept = String.UnicodeScalarView()
        kept.append(
            contentsOf: text.unicodeScalars.filter {
                $0 == "\t" || $0.properties.generalCategory != .control
            })
        let bytes = Array("\(prefix) \(String(kept))\n".utf8)
        writing.withLock { _ in
            var start = 0
            while start < bytes.count {
                let count = bytes[start...].withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                start += count
            }
        }
    }
}
