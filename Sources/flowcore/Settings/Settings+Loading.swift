import Configuration
import FlowCore
import FlowEngine
import FoundationEssentials
import MicroHTTPD
import SystemPackage

/// Why the program cannot do what it was called for.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

extension Settings {
    /// Reads the settings: defaults, then the file, then `FLOWCORE_…` variables, then flags.
    ///
    /// - Throws: ``UsageError`` with everything that is wrong.
    init(file: String?, flags: [(key: String, value: String)]) async throws {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for flag in flags {
            values[AbsoluteConfigKey(ConfigKey(flag.key))] = ConfigValue(.string(flag.value), isSecret: false)
        }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: values),
            EnvironmentVariablesProvider().prefixKeys(with: "flowcore"),
        ]
        if let file {
            do {
                // Before others read it, who write out whatever it stands for.
                _ = try YAMLText(path: file).compose()
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(file)))
            } catch {
                throw UsageError(description: "the configuration \(file) cannot be read: \(error)")
            }
        }
        self.init()
        var reader = SettingsReader(ConfigReader(providers: providers))
        read(&reader)
        var problems = reader.problems
        let names = SettingNames(known: reader.known)
        if let file { problems += try names.problems(inFile: file) }
        problems += names.problems(in: ProcessInfo.processInfo.environment)
        try loadCertificate(&problems)
        loadSecrets(&problems)
        if let backendsDirectory {
            let files = BackendFiles(directory: backendsDirectory)
            problems += files.problems
            backends = files
        }
        guard problems.isEmpty else { throw UsageError(description: problems.joined(separator: "\n")) }
    }

    private mutating func read(_ reader: inout SettingsReader) {
        reader.text("server.host", &http.host)
        reader.number("server.port", in: 0...65535, &http.port)
        reader.number("server.loops", in: 1...64, &http.loops)
        reader.number("server.max_connections", in: 1...1_000_000, &http.maxConnections)
        reader.number("server.max_body_bytes", in: 1024...(1 << 30), &http.maxBodyBytes)
        reader.duration("server.header_timeout", &http.headerTimeout)
        reader.duration("server.body_timeout", &http.bodyTimeout)
        reader.duration("server.idle_timeout", &http.idleTimeout)
        reader.duration("server.send_timeout", &http.sendTimeout)
        reader.duration("server.shutdown_grace", &shutdownGrace)
        reader.number("server.max_listeners", in: 0...1_000_000, &maxListeners)
        reader.duration("server.heartbeat", &heartbeat)
        reader.choice("server.access_log", &accessLog)
        reader.text("tls.certificate", &certificate)
        reader.text("tls.key", &certificateKey)
        reader.texts("auth.api_keys", &keys)
        reader.flag("auth.allow_anonymous", &allowsAnonymous)
        reader.text("data.directory", &directory)
        reader.number("runs.max_active", in: 1...10_000_000, &engine.activeRuns)
        reader.number("runs.max_parallel", in: 1...10_000, &engine.parallelNodes)
        reader.duration("runs.default_timeout", &engine.runTimeout)
        reader.duration("runs.default_node_timeout", &engine.nodeTimeout)
        readRetry(&reader)
        reader.duration("runs.max_wait", &engine.maximumWait)
        reader.number("runs.finished_in_memory_bytes", in: 0...(1 << 40), &engine.finishedBytes)
        reader.number("runs.volatile_bytes", in: 0...(1 << 40), &engine.volatileBytes)
        reader.duration("retention.max_age", &retention.maximumAge)
        reader.number("retention.max_count", in: 1...1_000_000_000, &retention.maximumCount)
        reader.number("limits.max_nodes", in: 1...1_000_000, &engine.workflow.nodes)
        reader.number("limits.max_depth", in: 8...1024, &jsonDepth)
        reader.number("limits.max_payload_bytes", in: 1024...(1 << 30), &engine.payloadBytes)
        reader.number("limits.max_run_bytes", in: 1024...(1 << 40), &engine.runBytes)
        reader.number("limits.max_definitions", in: 0...1_000_000, &engine.definitions.count)
        reader.number("limits.max_definition_versions", in: 1...1_000_000, &engine.definitions.versions)
        reader.number("limits.max_definition_bytes", in: 1024...(1 << 30), &engine.definitions.bytes)
        reader.flag("outbound.allow_private", &allowsPrivateCalls)
        reader.text("backends.directory", &backendsDirectory)
        reader.flag("backends.allow_python", &allowsPython)
        reader.number("backends.max_conformance_runs", in: 1...100, &engine.conformanceRuns)
        reader.text("secrets.directory", &secretsDirectory)
        reader.number("hooks.max_parallel", in: 1...1000, &engine.hooks.parallel)
        reader.duration("hooks.timeout", &engine.hooks.timeout)
        reader.duration("hooks.max_age", &engine.hooks.maximumAge)
        reader.reference("hooks.source", &engine.hooks.source)
        reader.choice("logging.level", &logLevel)
        reader.choice("logging.format", &logFormat)
        http.answerTimeout = engine.maximumWait + .seconds(30)
    }

    /// The policy of nodes that have none; without a number of attempts there is none.
    private mutating func readRetry(_ reader: inout SettingsReader) {
        var policy = RetryPolicy()
        var attempts: Int?
        var codes: [String] = []
        reader.number("retry.max_attempts", in: 1...1000, &attempts)
        reader.duration("retry.initial_delay", &policy.initialDelay)
        reader.choice("retry.backoff", &policy.backoff)
        reader.number("retry.multiplier", in: 1...100, &policy.multiplier)
        reader.duration("retry.max_delay", &policy.maxDelay)
        reader.number("retry.jitter", in: 0...1, &policy.jitter)
        reader.texts("retry.retry_on", &codes)
        guard let attempts else { return }
        policy.maxAttempts = attempts
        if !codes.isEmpty { policy.retryOn = codes.map { NodeFailure.Code($0) } }
        engine.retry = policy
    }

    private mutating func loadSecrets(_ problems: inout [String]) {
        var files = SecretFiles()
        if let secretsDirectory { files.read(directory: secretsDirectory) }
        files.read(environment: ProcessInfo.processInfo.environment)
        problems += files.problems
        secrets = Secrets(files.values)
    }

    private mutating func loadCertificate(_ problems: inout [String]) throws {
        switch (certificate, certificateKey) {
        case (nil, nil): return
        case (let certificate?, let key?):
            do {
                http.tls = ServerOptions.TLS(
                    certificate: String(decoding: try Data(contentsOf: URL(filePath: certificate)), as: UTF8.self),
                    key: String(decoding: try Data(contentsOf: URL(filePath: key)), as: UTF8.self))
            } catch {
                problems.append("tls: the certificate or its key cannot be read: \(error)")
            }
        default: problems.append("tls: tls.certificate and tls.key are needed together")
        }
    }
}
