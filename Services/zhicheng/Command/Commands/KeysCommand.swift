import ArgumentParser

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make the key file of a deployment, once.",
        discussion: """
            field.keys seals personal data. A file that exists is left as it is: whoever loses it loses \
            the data. Services find each other by certificates: see `zhicheng certs`.
            """)

    @Argument(help: "The folder of the file; made when missing.")
    var folder: String

    func run() async throws {
        let keys = DeploymentKeys(folder: folder)
        let made = try keys.makeMissing()
        Output.line("\(made ? "made" : "kept")  \(keys.fields)")
    }
}
