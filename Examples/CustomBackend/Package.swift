// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "custom-backend",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "flow-core", path: "../..")],
    targets: [
        // The backend and its node type, in a module of their own.
        .target(name: "TextBackend", dependencies: [.product(name: "FlowCore", package: "flow-core")]),
        // Serves it, with the whole API around it.
        .executableTarget(
            name: "text-server",
            dependencies: ["TextBackend", .product(name: "FlowHosting", package: "flow-core")]),
        .testTarget(
            name: "TextBackendTests",
            dependencies: [
                "TextBackend", .product(name: "BackendTestSuite", package: "flow-core"),
                .product(name: "FlowHosting", package: "flow-core"),
            ]),
    ]
)
