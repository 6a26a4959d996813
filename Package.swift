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
        .library(name: "FlowHosting", targets: ["FlowHosting"]),
        .library(name: "FlowTesting", targets: ["FlowTesting"]),
        .library(name: "BackendTestSuite", targets: ["BackendTestSuite"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML", "Logging"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // Values: the JSON value, its parser and its writer. Nothing below it.
        .target(name: "FlowJSON", swiftSettings: pure),

        // Expressions: the Common Expression Language over JSON values, and templates of it.
        .target(name: "FlowExpressions", dependencies: ["FlowJSON"], swiftSettings: pure),

        // Runs the language's conformance cases. No part of the product.
        .executableTarget(
            name: "cel-conformance", dependencies: ["FlowExpressions", "FlowJSON"], swiftSettings: pure),

        // The domain: workflows, contexts, the backend protocol, the planner. No HTTP, no SQL, no C.
        .target(
            name: "FlowCore",
            dependencies: [
                "FlowExpressions", "FlowJSON", .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: pure),

        // The engine: drives runs through backends and keeps their state.
        .target(
            name: "FlowEngine",
            dependencies: [
                "FlowCore", "FlowJSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: pure),

        // The journal on SQLite.
        .target(
            name: "FlowStore",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowJSON", "FlowSystem",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: pure),

        // What the operating system gives: addresses, signals, terminals. Wraps C.
        .target(name: "FlowSystem", dependencies: ["CBridge"], swiftSettings: strict),

        // The Python program of the backends of type langchain, which the binary carries.
        .target(name: "CBridge"),

        // The backends and node types that ship with the product.
        .target(
            name: "FlowBackends",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowJSON", "FlowSystem",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: pure),

        // HTTP as values: requests, responses, routing, problems, events. Knows no server and no domain.
        .target(
            name: "FlowHTTP",
            dependencies: [
                "FlowJSON",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: pure),

        // libmicrohttpd. `MicroHTTPD` alone imports the C module, and it alone may use unsafe pointers.
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        // Stands between the library and the answers that it makes by itself.
        .target(name: "CAnswers", dependencies: ["CMicroHTTPD"]),
        .target(
            name: "MicroHTTPD",
            dependencies: ["CAnswers", "CMicroHTTPD", "FlowHTTP", "FlowSystem"], swiftSettings: strict),

        // The client of NATS. `FlowNATS` alone imports the C module, and it alone may use unsafe pointers.
        .systemLibrary(name: "CNATS", pkgConfig: "libnats", providers: [.apt(["libnats-dev"])]),
        .target(
            name: "FlowNATS",
            dependencies: ["CNATS", "FlowJSON", "FlowSystem", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),

        // Nodes on other machines: the backend that hands them out, and the worker that executes them.
        .target(
            name: "FlowDistributed",
            dependencies: [
                "FlowBackends", "FlowCore", "FlowEngine", "FlowJSON", "FlowNATS",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: pure),

        // Files that the binary carries: the API description and the documentation page.
        .target(name: "CAssets"),

        // The API: routes over the engine. Knows neither the daemon nor the database nor a backend.
        .target(
            name: "FlowServer",
            dependencies: [
                "CAssets", "FlowCore", "FlowEngine", "FlowHTTP", "FlowJSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),

        // The server with all its parts, for the program and for those who serve backends of their own: the only place
        // where everything is wired.
        .target(
            name: "FlowHosting",
            dependencies: [
                "BackendTestSuite", "FlowBackends", "FlowCore", "FlowDistributed", "FlowEngine", "FlowServer",
                "FlowStore", "FlowSystem", "MicroHTTPD",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: pure),

        // What tests of ours and of backend authors share.
        .target(name: "FlowTesting", dependencies: ["FlowCore", "FlowEngine", "FlowJSON"], swiftSettings: pure),

        // Judges backends, over the wire protocol and through the engine. Imports no testing library.
        .target(
            name: "BackendTestSuite",
            dependencies: [
                "FlowBackends", "FlowCore", "FlowEngine", "FlowJSON", "FlowServer", "MicroHTTPD",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: pure),

        // The engine on a clock, a disk, backends and clients that all follow from a seed. No part of the product.
        .target(
            name: "FlowSimulation",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowJSON",
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "flowcore-simulate",
            dependencies: ["FlowSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),

        // The program: settings and commands.
        .executableTarget(
            name: "flowcore",
            dependencies: [
                "BackendTestSuite", "FlowBackends", "FlowCore", "FlowDistributed", "FlowEngine", "FlowExpressions",
                "FlowHTTP", "FlowHosting", "FlowJSON", "FlowNATS", "FlowServer", "FlowStore", "FlowSystem",
                "MicroHTTPD",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: pure,
            // In front of the C library's allocator, which costs a run a tenth of its processor time more.
            linkerSettings: [.linkedLibrary("jemalloc", .when(platforms: [.linux]))]),

        // What the tests share: raw sockets, a server in process, the program as a process.
        .target(
            name: "TestSupport",
            dependencies: [
                "BackendTestSuite", "FlowBackends", "FlowCore", "FlowDistributed", "FlowEngine", "FlowHTTP",
                "FlowJSON", "FlowServer", "FlowStore", "FlowTesting", "MicroHTTPD",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "FlowJSONTests", dependencies: ["FlowJSON"], swiftSettings: strict),
        .testTarget(
            name: "FlowExpressionsTests", dependencies: ["FlowExpressions", "FlowJSON"], swiftSettings: strict),
        .testTarget(name: "FlowCoreTests", dependencies: ["FlowCore", "FlowJSON"], swiftSettings: strict),
        .testTarget(
            name: "FlowEngineTests",
            dependencies: [
                "FlowBackends", "FlowCore", "FlowEngine", "FlowJSON", "FlowStore", "FlowTesting", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FlowStoreTests",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowJSON", "FlowStore", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(name: "FlowSystemTests", dependencies: ["FlowSystem"], swiftSettings: strict),
        .testTarget(
            name: "FlowBackendsTests",
            dependencies: [
                "FlowBackends", "FlowCore", "FlowJSON", "FlowSystem", "FlowTesting", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FlowSimulationTests",
            dependencies: ["FlowCore", "FlowEngine", "FlowJSON", "FlowSimulation", "TestSupport", "flowcore-simulate"],
            swiftSettings: strict),
        .testTarget(name: "FlowHTTPTests", dependencies: ["FlowHTTP", "FlowJSON"], swiftSettings: strict),
        .testTarget(
            name: "MicroHTTPDTests",
            dependencies: ["FlowHTTP", "FlowJSON", "FlowTesting", "MicroHTTPD", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowServerTests",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowHTTP", "FlowJSON", "FlowServer", "FlowTesting", "MicroHTTPD",
                "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "BackendTestSuiteTests",
            dependencies: [
                "BackendTestSuite", "FlowBackends", "FlowCore", "FlowEngine", "FlowJSON", "MicroHTTPD", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FlowHostingTests",
            dependencies: [
                "FlowCore", "FlowEngine", "FlowHosting", "FlowJSON", "FlowTesting", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LangChainTests",
            dependencies: [
                "BackendTestSuite", "FlowCore", "FlowEngine", "FlowJSON", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Python"], swiftSettings: strict),
        .testTarget(
            name: "DistributedTests",
            dependencies: [
                "BackendTestSuite", "FlowBackends", "FlowCore", "FlowDistributed", "FlowEngine", "FlowJSON", "FlowNATS",
                "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Clock"], swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests", dependencies: ["FlowJSON", "FlowTesting", "TestSupport", "flowcore"],
            swiftSettings: strict),
        .testTarget(
            name: "CrashTests", dependencies: ["FlowJSON", "TestSupport", "flowcore"], swiftSettings: strict),
    ],
    cLanguageStandard: .c2x
)
