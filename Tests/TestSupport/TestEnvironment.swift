import Attachments
package import Domain
package import RPC
import Secrets
package import ServiceRuntime
package import Storage

/// What a service is given, on real files in a temporary folder that goes away with the value.
package final class TestEnvironment: Sendable {
    package let environment: ServiceEnvironment
    package let clock: DevelopmentClock
    package let databasePath: String
    /// The folder of the attachments.
    package let attachmentsPath: String
    private let folder: TemporaryFolder
    private let log = LogRecorder()

    /// What the service logged, at every level.
    package var logged: [String] { log.lines }

    /// - Parameters:
    ///   - clockStart: where the clock begins, "2022-04-19T09:00+08:00"; it ticks on from there.
    ///   - channels: other services by name, for what `ServiceEnvironment.channel` gives.
    package init(
        name: String, migrations: [Migration], clockStart: String,
        channels: [String: any RPCChannel] = [:], settings: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        clock = try DevelopmentClock(startingAt: clockStart)
        databasePath = folder.path + "/service.db"
        attachmentsPath = folder.path + "/files"
        try KeyRing.create(at: folder.path + "/field.keys")
        let keyRing = try KeyRing(file: folder.path + "/field.keys")
        environment = ServiceEnvironment(
            name: name, clock: clock, logger: log.logger,
            database: try Database.open(
                DatabaseConfiguration(path: databasePath, owner: name, clock: clock),
                migrations: migrations),
            keyRing: keyRing, fields: keyRing.cipher(service: name),
            attachments: try AttachmentStore(directory: attachmentsPath),
            channels: channels, settings: settings)
    }

    deinit {
        environment.database.close()
        folder.remove()
    }

    /// The service, called in this process by that peer, with the admission that it has behind a socket. A busy machine
    /// may take its time.
    package func channel(_ assembly: ServiceAssembly, peer: Peer) -> any RPCChannel {
        InProcessChannel(
            routes: assembly.routes, admission: assembly.admission, peer: peer,
            defaultTimeout: .seconds(60), logger: environment.logger)
    }

    /// What the service does not stand of bad input; empty when everything is in order.
    package func complaints(
        _ input: BadInput, about assembly: ServiceAssembly
    ) async throws -> [String] {
        try await input.complaints(about: assembly.routes.methods, of: self)
    }
}
