import ArgumentParser
import ZhichengClient

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Show what a service counted: calls by method and code, times, connections.",
        discussion: """
            In Prometheus' text format: a collector's textfile folder takes it as it is. For \
            operators, who prove it with --operator.
            """)

    @Argument(help: "The service, for example quota-service.")
    var name: String

    @Option(
        help: """
            Folder of the operator's certificate. Default: data/certificates/zhicheng, where \
            `zhicheng dev` has it.
            """)
    var `operator`: String?

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard ServiceName(rawValue: name) != nil else {
            let all = ServiceName.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no service “\(name)”; there are \(all)")
        }
    }

    func run() async throws {
        guard let service = ServiceName(rawValue: name) else { return }
        let text = try await connection.withPlatform(
            operatorFolder: `operator` ?? DeploymentCertificates.standard.folder(of: "zhicheng")
        ) { client in
            try await client.metrics(of: service).read(Wire.MetricsRequest()).text
        }
        guard connection.output == .table else { return try Output.json(["text": text]) }
        for line in text.split(separator: "\n") { Output.line(String(line)) }
    }
}
