package import Attachments
package import Domain
package import Logging
package import RPC
package import Secrets
package import ServiceLifecycle
package import Storage

/// What makes a service: its name, its tables, and how its parts are put together. Used by its executable and by tests.
package struct ServiceDefinition: Sendable {
    /// "quota-service": the name of the executable, of the peer in a Hello, and of the database's owner.
    package let name: String
    package let migrations: [Migration]
    /// The attached files that its rows refer to; nil for a service without files.
    package let files: FileReferences?
    package let assemble: @Sendable (ServiceEnvironment) throws -> ServiceAssembly

    package init(
        name: String, migrations: [Migration], files: FileReferences? = nil,
        assemble: @escaping @Sendable (ServiceEnvironment) throws -> ServiceAssembly
    ) {
        self.name = name
        self.migrations = migrations
        self.files = files
        self.assemble = assemble
    }
}

/// The version that every executable of this source says it is.
package let platformVersion = "0.1.0"

/// What a service is given: everything from outside comes in here.
package struct ServiceEnvironment: Sendable {
    package let name: String
    package let clock: any WallClock
    package let logger: Logger
    package let database: Database
    package let keyRing: KeyRing
    package let fields: PersonalFieldCipher
    package let attachments: AttachmentStore
    /// Values of `--set NAME=VALUE`.
    package let settings: [String: String]
    private let channels: [String: any RPCChannel]

    package init(
        name: String, clock: any WallClock, logger: Logger, database: Database, keyRing: KeyRing,
        fields: PersonalFieldCipher, attachments: AttachmentStore,
        channels: [String: any RPCChannel], settings: [String: String] = [:]
    ) {
        self.name = name
        self.clock = clock
        self.logger = logger
        self.database = database
        self.keyRing = keyRing
        self.fields = fields
        self.attachments = attachments
        self.channels = channels
        self.settings = settings
    }

    /// The channel to another service.
    /// - Throws: when no `--peer` names it.
    package func channel(_ peer: String) throws(ConfigurationError) -> any RPCChannel {
        guard let channel = channels[peer] else {
            throw ConfigurationError("\(name) needs --peer \(peer)=HOST:PORT")
        }
        return channel
    }

    /// The names of all peers, sorted.
    package var peerNames: [String] { channels.keys.sorted() }
}

/// The put-together service: routes with their access rules, and what runs beside them.
package struct ServiceAssembly: Sendable {
    package private(set) var routes = RouteTable()
    package private(set) var rules: [UInt32: AccessRule] = [:]
    package private(set) var background: [any Service] = []
    private let resolver: SessionResolver

    /// - Parameter resolver: how the service finds the user behind a session.
    package init(resolver: @escaping SessionResolver) {
        self.resolver = resolver
    }

    /// Adds a provider's methods. The exhaustive `switch` in `access` is what keeps a method from having no rule.
    /// - Parameters:
    ///   - critical: what goes first when there is more to do than can be done: decisions, and what others wait for.
    ///   - sheddable: what is refused first then, because it only shows something and can be asked for again.
    package mutating func serve<Method: CaseIterable & RawRepresentable & Hashable>(
        _ register: (inout RouteTable) -> Void, critical: Set<Method> = [],
        sheddable: Set<Method> = [], access: (Method) -> AccessRule
    ) where Method.RawValue == String {
        register(&routes)
        for method in Method.allCases { rules[RPCMethod(method.rawValue).id] = access(method) }
        for method in critical { routes.setPriority(.critical, of: RPCMethod(method.rawValue)) }
        for method in sheddable { routes.setPriority(.sheddable, of: RPCMethod(method.rawValue)) }
    }

    /// The method is never refused for load, and does not count as any: for looking at a server that is busy.
    mutating func exempt(_ method: RPCMethod) { routes.setPriority(nil, of: method) }

    /// Adds work that runs as long as the service: an outbox relay, a sweep.
    package mutating func run(_ service: any Service) {
        background.append(service)
    }

    /// What admits each call.
    package var admission: Admission {
        let control = AccessControl(rules: rules, resolve: resolver)
        return { context throws(RPCError) in try await control.admit(&context) }
    }
}
