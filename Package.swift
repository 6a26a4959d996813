// swift-tools-version: 6.2
import PackageDescription

/// Every target of the package is built in Swift 6 mode with the same strictness; a warning is an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Targets that wrap no C: an unsafe pointer in one of them does not compile.
let pure: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
    name: "flow-core",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "flowcore", targets: ["flowcore"]),
        .library(name: "FlowCore", targets: ["FlowCore", "FlowJSON"]),
        .library(name: "FlowEngine", targets: ["FlowEngine"]),
        .library(name: "FlowBackends", targets: ["FlowBackends"]),
        .library(name: "FlowTesting", targets: ["FlowTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML", "Logging"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // Values: the JSON value, its parser and its writer. Nothing below it.
        .target(name: "FlowJSON", swiftSettings: pure),

        // The domain: workflows, contexts, the backend protocol, the planner. No HTTP, no SQL, no C.
        .target(name: "FlowCore", dependencies: ["FlowJSON"], swiftSettings: pure),

        // The engine: drives runs through backends and keeps their state.
        .target(
            name: "FlowEngine",
            dependencies: [
                "FlowCore", "FlowJSON",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: pure),

        // The journal on SQLite.
        .target(
            name: "FlowStore",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowJSON",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: pure),

        // The backends and node types that ship with the product.
        .target(
            name: "FlowBackends",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowJSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: pure),

        // HTTP as values: requests, responses, routing, problems, events. Knows no server and no domain.
        .target(
            name: "FlowHTTP",
            dependencies: [
                "FlowJSON",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: pure),

        // libmicrohttpd. `MicroHTTPD` alone imports the C module, and it alone may use unsafe pointers.
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .target(
            name: "MicroHTTPD",
            dependencies: [
                "CMicroHTTPD", "FlowHTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // Files that the binary carries: the API description and the documentation page.
        .target(name: "CAssets"),

        // The API: routes over the engine. Knows neither the daemon nor the database nor a backend.
        .target(
            name: "FlowServer",
            dependencies: [
                "CAssets", "FlowCore", "FlowEngine", "FlowHTTP", "FlowJSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),

        // What tests of ours and of backend authors share.
        .target(name: "FlowTesting", dependencies: ["FlowCore", "FlowEngine", "FlowJSON"], swiftSettings: pure),

        // The only place where everything is wired.
        .executableTarget(
            name: "flowcore",
            dependencies: [
                "FlowBackends", "FlowCore", "FlowEngine", "FlowHTTP", "FlowJSON", "FlowServer", "FlowStore", "MicroHTTPD",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: pure),
    ],
    cLanguageStandard: .c2x
)
