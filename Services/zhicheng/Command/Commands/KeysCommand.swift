import ArgumentParser

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make the two key files of a deployment, once.",
        discussion: """
            service.key proves that a peer is a service of the deployment; field.keys seals personal \
            data. Files that exist are left as they are: whoever loses field.keys loses the data.
            """)

    @Argument(help: "The folder of the files; made when missing.")
    var folder: String

    func run() async throws {
        let keys = DeploymentKeys(folder: folder)
        let made = try keys.makeMissing()
        for path in [keys.service, keys.fields] {
            Output.line("\(made.contains(path) ? "made" : "kept")  \(path)")
        }
    }
}
