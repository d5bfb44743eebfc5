// snippet: service-group
import Logging
import ServiceLifecycle
import ZhichengClient

/// Keeps a client beside the program's other services.
func runProgram(_ configuration: ClientConfiguration, logger: Logger) async throws {
    let client = PlatformClient(configuration)
    let group = ServiceGroup(services: [client], logger: logger)
    try await group.run()
}
// end
