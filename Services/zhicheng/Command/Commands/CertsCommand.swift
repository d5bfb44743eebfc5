import ArgumentParser
import Foundation

struct CertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs",
        abstract:
            "Make the certificates of a deployment: an authority, each service, the operator.",
        discussion: """
            FOLDER/NAME is what the service NAME takes as --certificates; FOLDER/zhicheng is the \
            operator's, for --operator; FOLDER/ca.pem goes to users as --ca. FOLDER/authority.pem \
            can make any of them: keep it where no service is. Certificates that exist stay as they \
            are unless they end within 30 days; services that run take new ones for new connections \
            within ten seconds.
            """)

    @Argument(help: "The folder of the files; made when missing.")
    var folder: String
    @Flag(help: "Make every certificate again, with new keys; the authority stays.")
    var renew = false

    func run() async throws {
        for file in try DeploymentCertificates(folder).make(at: Date(), renewing: renew) {
            let day = file.end.formatted(.iso8601.year().month().day())
            Output.line("\(file.isNew ? "made" : "kept")  \(file.path)  until \(day)")
        }
    }
}
