// swift-tools-version: 6.3
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
/// For targets that bridge C or hold bytes by pointer.
let strictMemory = strict + [.strictMemorySafety()]

let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(
    name: "HummingbirdTesting", package: "hummingbird")

/// A library in `Shared`.
func shared(
    _ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strictMemory
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(name)", swiftSettings: settings)
}

/// A service: its library (rules, store, handlers) and its thin executable.
func service(_ executable: String, _ library: String, _ more: [Target.Dependency] = []) -> [Target]
{
    [
        .target(
            name: library,
            dependencies: [
                "Attachments", "Domain", "Messages", "RPC", "Secrets", "ServiceRuntime",
                "ServiceStubs", "Storage", logging, lifecycle,
            ] + more,
            path: "Services/\(executable)/Service", swiftSettings: strict),
        .executableTarget(
            name: executable,
            dependencies: [.byName(name: library), "ServiceRuntime", argumentParser],
            path: "Services/\(executable)/Command", swiftSettings: strict),
    ]
}

/// The tests of one target, with what they need beyond it.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
        path: "Tests/\(name)Tests", exclude: exclude, swiftSettings: strict)
}

let serviceTestDependencies: [Target.Dependency] = [
    "Attachments", "Domain", "Messages", "RPC", "Secrets", "ServiceRuntime", "ServiceStubs",
    "Storage", "TestSupport",
]

var targets: [Target] = [
    // C
    .systemLibrary(
        name: "CProtobufC", path: "Shared/CProtobufC", pkgConfig: "libprotobuf-c",
        providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(
        name: "CSQLite", path: "Shared/CSQLite", pkgConfig: "sqlite3",
        providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(
        name: "CXLSXWriter", path: "Shared/CXLSXWriter", pkgConfig: "xlsxwriter",
        providers: [.apt(["libxlsxwriter-dev"])]),
    .systemLibrary(
        name: "CMinizip", path: "Shared/CMinizip", pkgConfig: "minizip",
        providers: [.apt(["libminizip-dev"])]),
    .target(name: "CMessages", dependencies: ["CProtobufC"], path: "Shared/CMessages"),
    .target(name: "CPluginMessages", dependencies: ["CProtobufC"], path: "Shared/CPluginMessages"),

    // Shared
    shared("MessageCoding", []),
    shared("Messages", ["MessageCoding", "CMessages", "CProtobufC"]),
    shared("RPC", ["MessageCoding", logging]),
    shared(
        "RPCTransport",
        [
            "RPC", "MessageCoding", nioCore, nioPosix, nioTLS, nioSSL, x509, swiftASN1, logging,
            lifecycle,
        ]),
    shared("Certificates", [crypto, x509, swiftASN1], settings: strict),
    shared("ServiceStubs", ["RPC", "Messages", "MessageCoding"], settings: strict),
    shared("Domain", [], settings: strict),
    shared("Secrets", ["Domain", crypto, cryptoExtras]),
    shared("Storage", ["CSQLite", "Domain", crypto, logging]),
    shared("Attachments", ["Domain", crypto]),
    shared("Spreadsheets", ["CMinizip", "CXLSXWriter", "Domain"]),
    shared(
        "ServiceRuntime",
        [
            "Attachments", "Domain", "MessageCoding", "Messages", "RPC", "RPCTransport", "Secrets",
            "ServiceStubs", "Storage", argumentParser, crypto, lifecycle, logging, metrics,
            unixSignals,
        ], settings: strict),
    shared(
        "ZhichengClient",
        ["MessageCoding", "Messages", "RPC", "RPCTransport", "ServiceStubs", lifecycle, logging],
        settings: strict),
    shared(
        "ZhichengTesting", ["MessageCoding", "RPC", "ZhichengClient", logging], settings: strict),
    .executableTarget(
        name: "protoc-gen-zhicheng", dependencies: ["CPluginMessages", "CProtobufC"],
        path: "Shared/MessageGenerator", swiftSettings: strictMemory),

    // The operator's side
    .target(
        name: "Supervisor", dependencies: [logging], path: "Services/zhicheng/Supervisor",
        swiftSettings: strict),
    .executableTarget(
        name: "zhicheng",
        dependencies: [
            "Certificates", "Domain", "Secrets", "Spreadsheets", "Supervisor", "ZhichengClient",
            "Messages", "RPC", "RPCTransport", argumentParser, logging,
        ], path: "Services/zhicheng/Command", swiftSettings: strict),
    .target(
        name: "SSOSimulator", dependencies: [hummingbird, crypto, logging],
        path: "Services/sso-simulator/Service", swiftSettings: strict),
    .executableTarget(
        name: "sso-simulator",
        dependencies: ["SSOSimulator", hummingbird, argumentParser, logging],
        path: "Services/sso-simulator/Command", swiftSettings: strict),

    // The platform's own side of Scripts/bench; everything else of it is the package in Benchmarks/.
    .executableTarget(
        name: "zhicheng-echo-server",
        dependencies: ["Messages", "RPC", "RPCTransport", lifecycle, logging],
        path: "Benchmarks/EchoServer", swiftSettings: strict),

    // Tests
    .target(
        name: "TestSupport",
        dependencies: [
            "Attachments", "Certificates", "Domain", "Messages", "RPC", "RPCTransport", "Secrets",
            "ServiceRuntime", "ServiceStubs", "Storage", crypto, logging, x509, swiftASN1,
        ], path: "Tests/TestSupport", swiftSettings: strict),
    tests("Messages", ["MessageCoding"], exclude: ["exchange.py"]),
    .testTarget(
        name: "MessageGeneratorTests", dependencies: ["protoc-gen-zhicheng"],
        path: "Tests/MessageGeneratorTests", swiftSettings: strict),
    tests("RPC", ["MessageCoding", "Messages", logging]),
    tests(
        "RPCTransport",
        [
            "Certificates", "RPC", "MessageCoding", "Messages", "TestSupport", nioCore, nioPosix,
            nioSSL, logging, lifecycle,
        ]),
    tests("Certificates", ["TestSupport"]),
    tests("Domain", []),
    tests("Secrets", ["Domain", crypto]),
    tests("Storage", ["Domain", "CSQLite", logging]),
    tests("Attachments", ["Domain"]),
    tests("Spreadsheets", ["CMinizip"]),
    tests(
        "ServiceRuntime",
        [
            "Attachments", "Domain", "Messages", "RPC", "RPCTransport", "Secrets", "ServiceStubs",
            "Storage", "TestSupport", logging, metrics,
        ]),
    tests(
        "ZhichengClient",
        [
            "MessageCoding", "Messages", "RPC", "ServiceStubs", "ZhichengTesting", lifecycle,
            logging,
        ], exclude: ["PublicAPI.txt"]),
    .testTarget(
        name: "ZhichengCommandTests",
        dependencies: [
            "Certificates", "zhicheng", "ZhichengClient", "ZhichengTesting", "Spreadsheets",
        ],
        path: "Tests/ZhichengCommandTests", swiftSettings: strict),
    tests("IdentityService", serviceTestDependencies + [nioCore, nioPosix, nioHTTP1]),
    tests("ArchiveService", serviceTestDependencies),
    tests("DeclarationService", serviceTestDependencies),
    tests("QuotaService", serviceTestDependencies),
    tests("TaskAggregator", serviceTestDependencies),
    tests("Supervisor", [logging]),
    tests("SSOSimulator", [hummingbird, hummingbirdTesting, logging]),
    .testTarget(
        name: "ArchitectureTests", path: "Tests/ArchitectureTests", swiftSettings: strict),
    .testTarget(
        name: "IntegrationTests",
        dependencies: [
            "RPCTransport", "Secrets", "Supervisor", "TestSupport", "ZhichengClient", "zhicheng",
            "sso-simulator", "identity-service", "archive-service", "declaration-service",
            "quota-service", "task-aggregator",
        ], path: "Tests/IntegrationTests", exclude: ["Peer"], swiftSettings: strict),
]
targets += service("identity-service", "IdentityService", [nioCore, nioPosix, nioHTTP1])
targets += service("archive-service", "ArchiveService")
targets += service("declaration-service", "DeclarationService")
targets += service("quota-service", "QuotaService")
targets += service("task-aggregator", "TaskAggregator")

// Scripts/fuzz builds this one by itself, with libFuzzer, which nothing else should have. It shares
// the random messages with a test target, of which no other may then be there.
if Context.environment["ZHICHENG_FUZZ"] != nil {
    targets.removeAll { $0.type == .test }
    targets.append(
        .executableTarget(
            name: "zhicheng-fuzz", dependencies: ["MessageCoding", "Messages", "RPC"],
            path: "Fuzzing", swiftSettings: strict))
}

let package = Package(
    name: "Zhicheng",
    products: [
        .library(name: "ZhichengClient", targets: ["ZhichengClient"]),
        .library(name: "ZhichengTesting", targets: ["ZhichengTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: targets
)
