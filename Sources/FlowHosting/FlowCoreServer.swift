import FlowCore
import FlowEngine
import FlowServer
import FlowSystem
import Logging
import MicroHTTPD

/// A server of the whole API in a program of your own, with backends and node types that you wrote.
///
/// ```swift
/// var configuration = FlowCoreServer.Configuration(directory: "data")
/// configuration.backends = [MyBackend()]
/// try await FlowCoreServer(configuration).run()
/// ```
public struct FlowCoreServer: Sendable {
    /// What it serves, and where.
    public let configuration: Configuration

    /// Makes a server, which does not listen yet.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// A server that listens.
    public struct Listening: Hashable, Sendable {
        /// The port.
        public let port: Int
        /// The URL below which the API is.
        public let url: String
    }

    /// Serves until the process is asked to end (SIGTERM, SIGINT) or the task is cancelled. Runs that are active then have
    /// ``Configuration/shutdownGrace`` to end; the others go on with the next start.
    ///
    /// - Throws: ``StartError`` when it cannot serve; `CancellationError` when the task is cancelled before it does.
    public func run() async throws {
        let signals = await Signals.termination()
        try await serve { server in
            configuration.logger.notice("listening", metadata: ["url": "\(server.url)"])
            var iterator = signals.makeAsyncIterator()
            _ = await iterator.next()
            configuration.logger.notice("stopping")
        }
    }

    /// Serves while `body` runs, as tests need it.
    ///
    /// - Throws: ``StartError`` when it cannot serve; what `body` throws.
    public func serve<Result: Sendable>(_ body: (Listening) async throws -> Result) async throws -> Result {
        let keys = try configuration.checkedKeys()
        let logger = configuration.logger
        let metrics = PrometheusMetrics()
        let assembly = try await configuration.assembly(metrics: metrics)
        let server: HTTPServer
        do {
            try await assembly.service.open()
            let application = Application(
                service: assembly.service, metrics: metrics, options: options(keys), logger: logger)
            server = try HTTPServer(options: configuration.http, responder: application.responder)
        } catch {
            await assembly.stop(grace: .zero)
            try Task.checkCancellation()
            throw StartError("the server cannot serve: \(error)")
        }
        // Unstructured, since requests are answered meanwhile and `body` need not wait for it.
        let recovery = Task {
            do { _ = try await assembly.service.recover() } catch {
                logger.critical("unfinished runs cannot be taken up", metadata: ["error": "\(error)"])
            }
        }
        // Unstructured, since it has no end of its own; it is cancelled below.
        let retention = Task {
            await Retention(service: assembly.service, policy: configuration.retention, logger: logger).run()
        }
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(Listening(port: server.port, url: "http://\(host):\(server.port)")))
        } catch {
            outcome = .failure(error)
        }
        retention.cancel()
        // In a task of its own, since this one may be cancelled, and runs have their time to end all the same.
        await Task { [grace = configuration.shutdownGrace] in
            // Before streams are ended, so that those that follow one have its end.
            await assembly.service.endConformanceRuns()
            async let drained: Void = server.stop(grace: grace)
            await assembly.stop(grace: grace)
            await drained
        }.value
        await recovery.value
        return try outcome.get()
    }

    private func options(_ keys: APIKeys) -> Application.Options {
        var options = Application.Options()
        options.keys = keys
        options.httpLimits = configuration.http.published
        options.idPrefix = String(UInt32.random(in: .min ... .max), radix: 36) + "-"
        return options
    }
}
