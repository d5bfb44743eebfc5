// swift-tools-version: 6.3
import PackageDescription

// A program of somebody else: it links the SDK as any package would, and tests itself without a platform.
let package = Package(
    name: "PendingListExample",
    dependencies: [
        // Elsewhere: .package(url: "…/zhicheng", from: "0.1.0")
        .package(name: "Zhicheng", path: "../..")
    ],
    targets: [
        .target(
            name: "PendingList",
            dependencies: [.product(name: "ZhichengClient", package: "Zhicheng")]),
        .executableTarget(name: "pending-list", dependencies: ["PendingList"]),
        .testTarget(
            name: "PendingListTests",
            dependencies: [
                "PendingList", .product(name: "ZhichengTesting", package: "Zhicheng"),
            ]),
    ]
)
