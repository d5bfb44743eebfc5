import Foundation

/// A Swift file of the package.
struct SourceFile: Sendable, CustomStringConvertible {
    /// From the package's root: "Shared/RPC/RPCError.swift".
    let path: String
    let lines: [String]
    var description: String { path }
    /// The lines with comments and the contents of strings blanked.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = Self.split(text)
        code = Self.split(blanked(text))
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Generated code is held by its generator's tests.
    var isGenerated: Bool { path.contains("/Generated/") || path.contains(".generated.") }
}

/// An `import` line.
struct Import: Sendable {
    let module: String
    /// "public", "package", "internal" or "": what other modules see of it.
    let access: String
    /// Counted from 1.
    let line: Int
}

extension SourceFile {
    /// The file's imports.
    var imports: [Import] {
        code.enumerated().compactMap { index, line in
            var words = line.split { $0 == " " || $0 == "\t" || $0 == ";" }.map(String.init)
            while let first = words.first, first.hasPrefix("@") { words.removeFirst() }
            var access = ""
            if let first = words.first,
                ["public", "package", "internal", "fileprivate", "private"].contains(first)
            {
                access = first
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            words.removeFirst()
            let kinds = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]
            if words.count > 1, kinds.contains(words[0]) { words.removeFirst() }
            let module = words[0].split(separator: ".").first.map(String.init) ?? words[0]
            return Import(module: module, access: access, line: index + 1)
        }
    }

    /// The numbers (from 1) of the lines where the expression is found in code.
    func lines(matching pattern: String) throws -> [Int] {
        let expression = try NSRegularExpression(pattern: pattern)
        return code.enumerated().compactMap { index, line in
            let range = NSRange(line.startIndex..., in: line)
            return expression.firstMatch(in: line, range: range) == nil ? nil : index + 1
        }
    }
}

/// The package that this test belongs to.
struct SourceTree: Sendable, CustomStringConvertible {
    let root: URL
    let files: [SourceFile]
    var description: String { "\(files.count) files" }

    /// Reads every Swift file below Shared, Services and Tests.
    static let package: SourceTree = {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        var files: [SourceFile] = []
        for folder in ["Shared", "Services", "Tests"] {
            let base = root.appendingPathComponent(folder)
            for path in FileManager.default.subpaths(atPath: base.path) ?? []
            where path.hasSuffix(".swift") {
                let url = base.appendingPathComponent(path)
                guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
                files.append(SourceFile(path: "\(folder)/\(path)", text: text))
            }
        }
        return SourceTree(root: root, files: files.sorted { $0.path < $1.path })
    }()

    /// The files of a layer's folder.
    func files(of layer: Layer) -> [SourceFile] {
        files.filter { $0.path.hasPrefix(layer.folder + "/") }
    }

    /// Whether the folder exists.
    func hasFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let url = root.appendingPathComponent(path)
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    /// The text of a file of the package.
    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
