import Testing

@Suite("Habits of the sources")
struct HabitTests {
    private let written = SourceTree.package.files.filter { !$0.isGenerated }

    @Test("What must not be written is not", arguments: forbidden)
    func forbiddenIsAbsent(habit: Habit) throws {
        for file in written
        where habit.allowed[file.path] == nil
            && habit.folders.contains(where: file.path.hasPrefix)
        {
            for line in try file.lines(matching: habit.pattern) {
                Issue.record(
                    """
                    \(file.path):\(line): “\(file.lines[line - 1].trimmed)”. \(habit.instead) \
                    If it must be: HabitTable.swift, with the reason.
                    """)
            }
        }
    }

    @Test("Every exception is still needed", arguments: forbidden.filter { !$0.allowed.isEmpty })
    func exceptionsAreNeeded(habit: Habit) throws {
        for (path, reason) in habit.allowed {
            #expect(!reason.isEmpty, "\(path) has no reason")
            let file = written.first { $0.path == path }
            let uses = try file?.lines(matching: habit.pattern) ?? []
            #expect(!uses.isEmpty, "\(path) needs no exception from \(habit) any more; remove it.")
        }
    }

    @Test("A way around the compiler's checks says why", arguments: needsReason)
    func uncheckedHasAReason(pattern: String) throws {
        for file in written where !file.path.hasPrefix("Tests/ArchitectureTests/") {
            for line in try file.lines(matching: pattern) {
                #expect(
                    file.hasComment(above: line),
                    """
                    \(file.path):\(line): “\(file.lines[line - 1].trimmed)” needs a comment on the \
                    line above that says why it holds.
                    """)
            }
        }
    }

    @Test("Every service is sent bad input, all its methods")
    func servicesAreSentBadInput() throws {
        let definitions = written.filter { $0.path.hasSuffix("Definition.swift") }
            .filter { $0.path.hasPrefix("Services/") }
        #expect(!definitions.isEmpty)
        for definition in definitions {
            let folder = definition.path.split(separator: "/")[1]
            let words = folder.split(separator: "-").map {
                $0.prefix(1).uppercased() + $0.dropFirst()
            }
            let tests = words.joined() + "Tests"
            let sends = try written.contains { file in
                try file.path.hasPrefix("Tests/\(tests)/")
                    && !file.lines(matching: #"\.complaints\("#).isEmpty
            }
            #expect(
                sends, "\(folder) has no test in \(tests) that calls TestEnvironment.complaints.")
        }
    }

    @Test("A file has one job")
    func filesAreShort() {
        for file in written {
            #expect(
                file.lines.count - 1 <= mostLinesOfAFile,
                """
                \(file.path) has \(file.lines.count - 1) lines, more than \(mostLinesOfAFile): find \
                its two jobs and give each a file (`Type+Feature.swift`).
                """)
        }
    }
}

extension SourceFile {
    /// Whether a comment stands on the line itself or above it, attributes and the first lines of the
    /// declaration between them.
    fileprivate func hasComment(above line: Int) -> Bool {
        if lines[line - 1].contains("// ") { return true }
        var index = line - 2
        // A declaration may take several lines before the word in question.
        var left = 3
        while index >= 0, left > 0 {
            let text = lines[index].trimmed
            if text.hasPrefix("//") { return true }
            if text.isEmpty || text == "}" { return false }
            index -= 1
            left -= 1
        }
        return false
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" })
    }
}
