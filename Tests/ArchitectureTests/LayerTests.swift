import Foundation
import Testing

@Suite("Who may import whom")
struct LayerTests {
    private let tree = SourceTree.package

    @Test("A folder imports only what its line in the table names", arguments: layers)
    func importsAreAllowed(layer: Layer) {
        for file in tree.files(of: layer) {
            for found in file.imports {
                #expect(
                    layer.mayImport.contains(found.module),
                    """
                    \(file.path):\(found.line) imports \(found.module), which \(layer.folder) must \
                    not know. Move the code to a layer that may, or take the value in by init. If the \
                    design itself changed: LayerTable.swift, and the reason in ARCHITECTURE.md. \
                    Allowed there: \(layer.mayImport.sorted().joined(separator: ", ")).
                    """)
            }
        }
    }

    @Test(
        "What a folder hides does not show in its API",
        arguments: layers.filter { !$0.hidden.isEmpty })
    func hiddenImportsStayInternal(layer: Layer) {
        for file in tree.files(of: layer) {
            for found in file.imports where layer.hidden.contains(found.module) {
                #expect(
                    !["public", "package"].contains(found.access),
                    """
                    \(file.path):\(found.line) says “\(found.access) import \(found.module)”: write \
                    “import \(found.module)” and keep its types out of this module's API.
                    """)
            }
        }
    }

    @Test("Every Swift file lies in a folder of the table")
    func everyFileHasALayer() {
        #expect(tree.files.count > 20, "the sources were not found below \(tree.root.path)")
        for file in tree.files {
            #expect(
                layers.contains { file.path.hasPrefix($0.folder + "/") },
                """
                \(file.path) lies in no folder of LayerTable.swift: add a line that says what the \
                new folder may import.
                """)
        }
    }

    @Test("No folder of the table lies within another")
    func layersAreDisjoint() {
        for outer in layers {
            for inner in layers where inner.folder != outer.folder {
                #expect(!inner.folder.hasPrefix(outer.folder + "/"))
            }
        }
    }

    @Test("Every target of Package.swift has its folder and its line in the table")
    func targetsHaveFolders() throws {
        let folders = try targetFolders(inManifest: tree.text("Package.swift"))
        #expect(folders.count > 20, "the targets were not found in Package.swift")
        for folder in folders {
            #expect(
                tree.hasFolder(folder),
                "Package.swift has a target in \(folder), which is no folder: make it or drop it.")
            #expect(
                folder == "Benchmarks" || layers.contains { $0.folder == folder },
                "\(folder) is a target without a line in LayerTable.swift.")
        }
        for layer in layers where tree.hasFolder(layer.folder) {
            #expect(
                folders.contains(layer.folder),
                "\(layer.folder) is in LayerTable.swift and no target of Package.swift.")
        }
    }
}

/// The folders of the manifest's targets: written as `path:` or made by its helper functions.
private func targetFolders(inManifest manifest: String) throws -> Set<String> {
    func found(_ pattern: String) throws -> [[String]] {
        let expression = try NSRegularExpression(pattern: pattern)
        let all = NSRange(manifest.startIndex..., in: manifest)
        return expression.matches(in: manifest, range: all).map { match in
            (1..<match.numberOfRanges).compactMap {
                Range(match.range(at: $0), in: manifest).map { String(manifest[$0]) }
            }
        }
    }
    var folders: Set<String> = []
    for path in try found(#"path:\s*"([^"\\]+)""#) { folders.insert(path[0]) }
    for name in try found(#"\bshared\(\s*"([^"]+)""#) { folders.insert("Shared/\(name[0])") }
    for name in try found(#"\btests\(\s*"([^"]+)""#) { folders.insert("Tests/\(name[0])Tests") }
    for name in try found(#"\bservice\(\s*"([^"]+)""#) {
        folders.insert("Services/\(name[0])/Service")
        folders.insert("Services/\(name[0])/Command")
    }
    return folders
}
