// swift-tools-version: 6.3
import PackageDescription

// A package of its own, so that the peers of a comparison never enter the product's dependencies.
// Scripts/bench builds it in release mode and runs it.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "Zhicheng", path: ".."),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        .executableTarget(name: "raw-echo"),
        .target(name: "BenchmarkLoad", swiftSettings: strict),
        // Generated code: not held to the house's settings.
        .target(
            name: "ListMessages",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        .executableTarget(
            name: "grpc-swift-peer",
            dependencies: [
                "BenchmarkLoad", "ListMessages",
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "zhicheng-load",
            dependencies: [
                "BenchmarkLoad",
                .product(name: "ZhichengClient", package: "Zhicheng"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "codec",
            dependencies: [
                "ListMessages",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "ZhichengClient", package: "Zhicheng"),
            ], swiftSettings: strict),
    ]
)
