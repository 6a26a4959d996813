import BackendTestSuite
import FlowBackends
package import FlowCore
import FlowDistributed
package import FlowEngine
import FlowHTTP
package import FlowServer
import FlowStore
import Foundation
package import Logging
package import MicroHTTPD

/// A server in this process with a database of its own: the real one, on a real socket.
package struct TestServer: Sendable {
    package let service: WorkflowService
    package let server: HTTPServer
    package let directory: String
    let journal: SQLiteJournal
    package var client: TestClient { TestClient(port: server.port) }

    package struct Options: Sendable {
        package var http = ServerOptions()
        package var application = Application.Options()
        package var limits = EngineLimits()
        package var clock: any WallClock = SystemClock()
        package var backends: [any Backend]?
        package var secrets = Secrets()
        /// How backends are judged.
        package var judge: any ConformanceJudge = SuiteJudge()
        /// Whether hooks may call this machine, as they have to in tests.
        package var allowsPrivateCalls = true
        /// The longest answer of a remote backend that is read.
        package var maxRemoteBytes = 64 << 20
        package var makeLogger: @Sendable (String) -> Logger = { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } }

        package init() {
            http.port = 0
            // A starved machine does not meet these.
            http.headerTimeout = .seconds(600)
            http.bodyTimeout = .seconds(600)
            application.accessLog = .off
        }
    }

    /// Calls `body` with a server that is stopped afterwards.
    package static func with<Result: Sendable>(
        _ options: Options = Options(), directory: String? = nil, _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        let directory = directory ?? temporaryDirectory()
        let journal = try await SQLiteJournal.open(directory: directory)
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: options.allowsPrivateCalls))
        let native = NativeBackend(
            catalog: BuiltInNodeTypes.catalog(calls: calls),
            contract: BackendContract(
                maxPayloadBytes: options.limits.payloadBytes, maxParallel: options.limits.parallelNodes))
        let logger = options.makeLogger("test")
        let metrics = PrometheusMetrics()
        let runs = RunFinder()
        let registry = await BackendRegistry(
            builtIn: options.backends ?? [native],
            factories: [
                LoggingBackendFactory(
                    secrets: options.secrets.isEmpty ? nil : options.secrets, makeLogger: options.makeLogger),
                ResilientBackendFactory(clock: options.clock, random: { 0.5 }), FallbackBackendFactory(),
                MeteredBackendFactory(metrics: metrics),
                RemoteBackendFactory(
                    calls: calls, clock: options.clock, secrets: options.secrets,
                    maxResponseBytes: options.maxRemoteBytes),
                DistributedBackendFactory(
                    clock: SystemClock(), secrets: options.secrets, random: { UInt64.random(in: .min ... .max) },
                    lookup: { try await runs.context(of: $0) }, makeLogger: options.makeLogger),
                LangChainBackendFactory(
                    clock: SystemClock(), secrets: options.secrets, maxOutputBytes: options.limits.payloadBytes,
                    makeLogger: options.makeLogger),
            ], journal: journal, logger: logger)
        let ids = WorkflowIDGenerator()
        let service = WorkflowService(
            registry: registry, journal: journal, limits: options.limits, clock: options.clock, logger: logger,
            metrics: metrics, secrets: options.secrets.isEmpty ? nil : options.secrets,
            hooks: CompletionHooks(
                sender: OutboundWebhookSender(calls: calls, clock: options.clock),
                encode: CompletionEventEncoding.bytes),
            conformance: ConformanceRuns(
                registry: registry, judge: options.judge, store: journal, clock: options.clock, logger: logger,
                limit: options.limits.conformanceRuns, secrets: options.secrets.isEmpty ? nil : options.secrets,
                makeID: { ids.next(at: $0) }),
            version: options.application.version,
            makeID: { ids.next(at: $0) })
        runs.service = service
        _ = try await service.start()
        let application = Application(
            service: service, metrics: metrics, options: options.application, logger: logger)
        let server = try HTTPServer(options: options.http, responder: application.responder)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(
                try await body(
                    TestServer(service: service, server: server, directory: directory, journal: journal)))
        } catch {
            result = .failure(error)
        }
        await server.stop(grace: .milliseconds(200))
        await service.stop(grace: .milliseconds(200))
        await calls.shutdown()
        return try result.get()
    }
}

extension TestServer {
    /// Has the database be full, or not any more.
    package func fillDisk(_ isFull: Bool) async throws { try await journal.bound(pages: isFull ? 1 : nil) }

    /// Takes a registration out of the database of a server that does not run, as if its backend could not be made.
    package static func forgetBackend(_ name: BackendName, in directory: String) async throws {
        try await with(journal: directory) { try await $0.removeRegistration(name) }
    }

    /// Writes a registration to the database of a server that does not run, without asking whether it can be made.
    package static func save(_ registration: BackendRegistration, in directory: String) async throws {
        try await with(journal: directory) { try await $0.save(registration) }
    }

    private static func with(journal directory: String, _ body: (SQLiteJournal) async throws -> Void) async throws {
        let journal = try await SQLiteJournal.open(directory: directory)
        let result: Swift.Result<Void, any Error>
        do { result = .success(try await body(journal)) } catch { result = .failure(error) }
        await journal.close()
        try result.get()
    }
}

/// A directory that does not exist yet.
package func temporaryDirectory() -> String {
    FileManager.default.temporaryDirectory.appending(path: "flowcore-test-\(UUID().uuidString)").path()
}
