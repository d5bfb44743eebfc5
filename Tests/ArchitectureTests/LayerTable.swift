// Who may import whom. A line per folder; ARCHITECTURE.md has the drawing and the reasons.

/// What a folder of sources may import.
struct Layer: Sendable, CustomStringConvertible {
    /// From the package's root: "Shared/RPC".
    let folder: String
    let mayImport: Set<String>
    /// Imports that must not show in the folder's own API: never `public import` or `package import`.
    let hidden: Set<String>

    init(_ folder: String, _ mayImport: [String], hidden: [String] = []) {
        self.folder = folder
        self.mayImport = Set(mayImport).union(everywhere)
        self.hidden = Set(hidden)
    }

    var description: String { folder }
}

/// The standard library's own modules.
private let everywhere: Set<String> = ["Swift", "Synchronization"]
/// The operating system's C library.
private let system = ["Glibc"]
private let foundation = ["Foundation", "FoundationNetworking", "Dispatch", "Glibc"]
private let nio = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOFoundationCompat"]
private let tls = ["NIOTLS", "NIOSSL", "X509", "SwiftASN1"]
private let crypto = ["Crypto", "CryptoExtras"]

/// What every service's library may import; no other service is among it.
private let serviceLibrary =
    [
        "Attachments", "Domain", "MessageCoding", "Messages", "RPC", "Secrets", "ServiceRuntime",
        "ServiceStubs", "Storage", "Logging", "ServiceLifecycle",
    ] + system

/// What every service's executable may import besides its own library.
private let serviceCommand = ["ServiceRuntime", "ArgumentParser"]

/// What tests of a shared module or of a service may import besides what they test.
private let testing =
    [
        "Testing", "TestSupport", "Attachments", "Domain", "MessageCoding", "Messages", "RPC",
        "Secrets", "ServiceRuntime", "ServiceStubs", "Storage", "Logging", "ServiceLifecycle",
    ] + foundation + crypto

let layers: [Layer] = [
    // C: no Swift.
    Layer("Shared/CProtobufC", []),
    Layer("Shared/CSQLite", []),
    Layer("Shared/CXLSXWriter", []),
    Layer("Shared/CMinizip", []),
    Layer("Shared/CMessages", []),
    Layer("Shared/CPluginMessages", []),

    // Messages: knows libprotobuf-c, shows none of it.
    Layer("Shared/MessageCoding", []),
    Layer(
        "Shared/Messages", ["MessageCoding", "CMessages", "CProtobufC"] + system,
        hidden: ["CMessages", "CProtobufC", "Glibc"]),
    Layer("Shared/MessageGenerator", ["CPluginMessages", "CProtobufC"] + system),

    // Calls: the core knows no NIO and no message, the transport no service.
    Layer("Shared/RPC", ["MessageCoding", "Logging"] + system),
    Layer(
        "Shared/RPCTransport",
        ["RPC", "MessageCoding", "Messages", "Logging", "ServiceLifecycle", "Dispatch"] + nio
            + tls + system,
        hidden: nio + tls),
    Layer("Shared/Certificates", ["X509", "SwiftASN1"] + crypto + foundation),
    Layer("Shared/ServiceStubs", ["RPC", "Messages", "MessageCoding"]),

    // Values and what is stored: Domain knows nobody, Storage no call and no service.
    Layer("Shared/Domain", system),
    Layer("Shared/Secrets", ["Domain"] + crypto + system),
    Layer(
        "Shared/Storage", ["CSQLite", "Domain", "Logging", "Dispatch"] + crypto + system,
        hidden: ["CSQLite"]),
    Layer("Shared/Attachments", ["Domain", "Dispatch"] + crypto + system),

    // Only the command line and the portal link it.
    Layer(
        "Shared/Spreadsheets", ["CMinizip", "CXLSXWriter", "Domain"] + system,
        hidden: ["CMinizip", "CXLSXWriter", "Glibc"]),

    // What services and clients stand on.
    Layer(
        "Shared/ServiceRuntime",
        [
            "Attachments", "Domain", "MessageCoding", "Messages", "RPC", "RPCTransport", "Secrets",
            "ServiceStubs", "Storage", "ArgumentParser", "CoreMetrics", "Dispatch", "Logging",
            "ServiceLifecycle", "UnixSignals",
        ] + crypto + system),
    Layer(
        "Shared/ZhichengClient",
        [
            "MessageCoding", "Messages", "RPC", "RPCTransport", "ServiceStubs", "Logging",
            "ServiceLifecycle",
        ]),
    // The SDK's users link it into their tests.
    Layer("Shared/ZhichengTesting", ["MessageCoding", "RPC", "ZhichengClient", "Logging"]),

    // Services: none imports another.
    Layer("Services/identity-service/Service", serviceLibrary + nio),
    Layer("Services/archive-service/Service", serviceLibrary),
    Layer("Services/declaration-service/Service", serviceLibrary),
    Layer("Services/quota-service/Service", serviceLibrary),
    Layer("Services/task-aggregator/Service", serviceLibrary),
    Layer("Services/identity-service/Command", serviceCommand + ["IdentityService"]),
    Layer("Services/archive-service/Command", serviceCommand + ["ArchiveService"]),
    Layer("Services/declaration-service/Command", serviceCommand + ["DeclarationService"]),
    Layer("Services/quota-service/Command", serviceCommand + ["QuotaService"]),
    Layer("Services/task-aggregator/Command", serviceCommand + ["TaskAggregator"]),

    // The operator's side: speaks to services through the SDK only.
    Layer("Services/zhicheng/Supervisor", ["Logging"] + foundation),
    Layer(
        "Services/zhicheng/Command",
        [
            "Certificates", "Domain", "Secrets", "Spreadsheets", "Supervisor", "ZhichengClient",
            "Messages", "RPC", "RPCTransport", "ArgumentParser", "Logging",
        ] + foundation),
    Layer(
        "Services/sso-simulator/Service",
        ["Hummingbird", "HTTPTypes", "NIOCore", "Logging", "ServiceLifecycle"] + crypto
            + foundation),
    Layer(
        "Services/sso-simulator/Command",
        [
            "SSOSimulator", "Hummingbird", "NIOCore", "ArgumentParser", "Logging",
            "ServiceLifecycle", "UnixSignals",
        ] + foundation),

    // Scripts/bench's side of the platform.
    Layer(
        "Benchmarks/EchoServer",
        ["Messages", "RPC", "RPCTransport", "Logging", "ServiceLifecycle"] + system),

    // What Scripts/fuzz runs.
    Layer("Fuzzing", ["MessageCoding", "Messages", "RPC", "Foundation"] + system),

    // Tests mirror the sources. Only IntegrationTests meets several services, as processes.
    Layer(
        "Tests/TestSupport", testing + ["Certificates", "RPCTransport", "X509", "SwiftASN1"]),
    Layer("Tests/MessagesTests", testing),
    Layer("Tests/MessageGeneratorTests", testing),
    Layer("Tests/RPCTests", testing),
    Layer(
        "Tests/RPCTransportTests", testing + ["Certificates", "RPCTransport", "NIOSSL"] + nio),
    Layer("Tests/CertificatesTests", testing + ["Certificates"]),
    Layer("Tests/DomainTests", testing),
    Layer("Tests/SecretsTests", testing),
    Layer("Tests/StorageTests", testing + ["CSQLite"]),
    Layer("Tests/AttachmentsTests", testing),
    Layer("Tests/SpreadsheetsTests", testing + ["Spreadsheets", "CMinizip"]),
    Layer("Tests/ServiceRuntimeTests", testing + ["CoreMetrics", "RPCTransport"]),
    Layer(
        "Tests/ZhichengClientTests",
        testing + ["RPCTransport", "ZhichengClient", "ZhichengTesting"]),
    Layer(
        "Tests/ZhichengCommandTests",
        testing + [
            "ArgumentParser", "Certificates", "Spreadsheets", "ZhichengClient", "ZhichengTesting",
            "zhicheng",
        ]),
    Layer("Tests/IdentityServiceTests", testing + nio + ["IdentityService"]),
    Layer("Tests/ArchiveServiceTests", testing + ["ArchiveService"]),
    Layer("Tests/DeclarationServiceTests", testing + ["DeclarationService"]),
    Layer("Tests/QuotaServiceTests", testing + ["QuotaService"]),
    Layer("Tests/TaskAggregatorTests", testing + ["TaskAggregator"]),
    Layer("Tests/SupervisorTests", testing + ["Supervisor"]),
    Layer(
        "Tests/SSOSimulatorTests",
        testing + ["SSOSimulator", "Hummingbird", "HTTPTypes", "NIOCore"]),
    Layer("Tests/ArchitectureTests", ["Testing"] + foundation),
    Layer("Tests/IntegrationTests", testing + ["RPCTransport", "ZhichengClient", "Supervisor"]),
]
