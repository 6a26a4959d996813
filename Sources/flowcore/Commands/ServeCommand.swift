import ArgumentParser
import FlowCore
import FlowEngine
import FlowHosting
import FlowServer
import FlowSystem
import Logging
import Metrics
import MicroHTTPD

/// Serves the API.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves the API.",
        discussion: """
            Settings come from the configuration file, then from FLOWCORE_… environment variables, then from these
            options; what comes later wins. The first line on the standard output says where the server listens.
            """)

    @Option(name: .long, help: "The configuration file (YAML).")
    var config: String?
    @Option(name: .long, help: "The address to listen on (server.host).")
    var host: String?
    @Option(name: .long, help: "The port to listen on; 0 takes a free one (server.port).")
    var port: Int?
    @Option(name: .long, help: "The directory of the database (data.directory).")
    var data: String?
    @Flag(name: .long, help: "Serve other machines without API keys (auth.allow_anonymous).")
    var allowAnonymous = false

    func run() async throws {
        var flags: [(String, String)] = []
        if let host { flags.append(("server.host", host)) }
        if let port { flags.append(("server.port", String(port))) }
        if let data { flags.append(("data.directory", data)) }
        if allowAnonymous { flags.append(("auth.allow_anonymous", "true")) }
        do {
            let settings = try await Settings(file: config, flags: flags)
            try await Self.serve(settings)
        } catch let error as UsageError {
            StandardStreams.writeError("flowcore: \(error)\n")
            throw ExitCode(78)
        } catch let error as ServerError {
            StandardStreams.writeError("flowcore: \(error)\n")
            throw ExitCode(69)
        } catch let error as JournalError {
            StandardStreams.writeError("flowcore: the data directory cannot be used: \(error)\n")
            throw ExitCode(74)
        }
    }

    private static func serve(_ settings: Settings) async throws {
        guard let keys = APIKeys(settings.keys) else {
            throw UsageError(description: "auth.api_keys: a key needs at least 16 visible ASCII characters")
        }
        guard settings.isLoopback || !keys.isEmpty || settings.allowsAnonymous else {
            throw UsageError(
                description: """
                    refusing to serve \(settings.http.host) without API keys: everybody who reaches it could run workflows.
                    Set auth.api_keys (or FLOWCORE_AUTH_API_KEYS), or say --allow-anonymous, or listen on 127.0.0.1.
                    """)
        }
        LoggingSystem.bootstrap { label in
            switch settings.logFormat {
            case .text: TextLogHandler(label: label, clock: SystemClock(), logLevel: settings.logLevel)
            case .json: JSONLogHandler(label: label, clock: SystemClock(), logLevel: settings.logLevel)
            }
        }
        let logger = Logger(label: "flowcore")
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        // Besides connections there are files of the database, and connections that nodes make.
        let wish = settings.http.maxConnections + 1024
        let allowed = OpenFiles.allow(wish)
        if allowed < wish {
            logger.warning(
                "the system allows fewer open files than server.max_connections needs",
                metadata: ["allowed": "\(allowed)", "needed": "\(wish)"])
        }
        let signals = await Signals.termination()
        let assembly = try await Assembly(
            directory: settings.directory, limits: settings.engine,
            allowsPrivateCalls: settings.allowsPrivateCalls ?? settings.isLoopback, logger: logger, metrics: metrics,
            secrets: settings.secrets, version: Version.text, allowsPython: settings.allowsPython)
        try await open(assembly, settings.backends)
        let application = Application(
            service: assembly.service, metrics: metrics, options: options(settings, keys),
            logger: Logger(label: "flowcore.http"))
        let server: HTTPServer
        do {
            server = try HTTPServer(options: settings.http, responder: application.responder)
        } catch {
            await assembly.stop(grace: .zero)
            throw error
        }
        let scheme = settings.http.tls == nil ? "http" : "https"
        let host = settings.http.host.contains(":") ? "[\(settings.http.host)]" : settings.http.host
        StandardStreams.write("listening on \(scheme)://\(host):\(server.port)\n")
        // Unstructured: requests are answered meanwhile, and a stop ends it.
        let recovery = Task { await recover(assembly.service, logger) }
        // Unstructured, and not waited for: it lasts as long as the runs that use what is removed.
        Task {
            await recovery.value
            await assembly.service.registry.removeLeaving()
        }
        // Unstructured, since it has no end of its own; it is cancelled below.
        let retention = Task {
            await Retention(service: assembly.service, policy: settings.retention, logger: logger).run()
        }
        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
        logger.notice("stopping", metadata: ["grace": "\(DurationText.text(settings.shutdownGrace))"])
        retention.cancel()
        // A second signal does not wait.
        let impatience = Task {
            var iterator = signals.makeAsyncIterator()
            if await iterator.next() != nil { Signals.exit(130) }
        }
        // Before streams are ended, so that those that follow one have its end.
        await assembly.service.endConformanceRuns()
        async let drained: Void = server.stop(grace: settings.shutdownGrace)
        await assembly.stop(grace: settings.shutdownGrace)
        await drained
        await recovery.value
        impatience.cancel()
        logger.notice("stopped")
    }

    /// Opens the service with the backends that files register.
    ///
    /// - Throws: ``UsageError`` with everything that is wrong with them.
    private static func open(_ assembly: Assembly, _ files: BackendFiles?) async throws {
        let problems: [String]
        do {
            let issues = try await assembly.service.open(declared: files?.registrations ?? [])
            problems = files?.problems(issues) ?? []
        } catch {
            await assembly.stop(grace: .zero)
            throw error
        }
        guard problems.isEmpty else {
            await assembly.stop(grace: .zero)
            throw UsageError(description: problems.joined(separator: "\n"))
        }
    }

    /// Takes up what the last stop left unfinished.
    private static func recover(_ service: WorkflowService, _ logger: Logger) async {
        do {
            let runs = try await service.recover()
            if runs > 0 { logger.notice("unfinished runs taken up", metadata: ["runs": "\(runs)"]) }
        } catch {
            logger.critical("unfinished runs cannot be taken up", metadata: ["error": "\(error)"])
        }
    }

    private static func options(_ settings: Settings, _ keys: APIKeys) -> Application.Options {
        var options = Application.Options()
        options.version = Version.text
        options.keys = keys
        options.accessLog = settings.accessLog
        options.jsonDepth = settings.jsonDepth
        options.maxListeners = settings.maxListeners
        options.heartbeat = settings.heartbeat
        options.httpLimits = settings.http.published
        options.idPrefix = String(UInt32.random(in: .min ... .max), radix: 36) + "-"
        return options
    }
}
