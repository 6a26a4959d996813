import ArgumentParser
import FlowBackends
import FlowCore
import FlowDistributed
import FlowEngine
import FlowJSON
import FlowNATS
import FlowSystem
import Foundation
import Logging

/// Executes nodes that servers hand out.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Executes nodes for servers with a backend of type distributed.",
        discussion: """
            A worker takes nodes from queues on a broker of NATS as it has room for them. It can be started and ended at any
            moment. The first line on the standard output says that it is connected.
            """)

    @Option(name: .long, help: "The URL of a broker; may be repeated, and given as FLOWCORE_WORKER_NATS.")
    var nats: [String] = []
    @Option(name: .long, help: "The node types that it takes, with commas between them; by default all that there are.")
    var types: String?
    @Option(name: .long, help: "How many nodes are executed at the same time.")
    var concurrency = 16
    @Option(name: .long, help: "A label that workflows can ask for, such as gpu=true; may be repeated.")
    var label: [String] = []
    @Option(name: .long, help: "The worker's name, which no other has; by default it is made of host and process.")
    var id: String?
    @Option(name: .long, help: "What the names of streams and subjects begin with.")
    var namespace = "wf"
    @Option(name: .long, help: "A file of credentials of NATS. In place of one a token may be FLOWCORE_WORKER_TOKEN.")
    var credentials: String?
    @Option(name: .long, help: "The user's name; the password is FLOWCORE_WORKER_PASSWORD.")
    var user: String?
    @Option(name: .long, help: "A user's public key; its seed is FLOWCORE_WORKER_SEED.")
    var nkey: String?
    @Option(name: .long, help: "A file of certificates by which brokers are known.")
    var tlsCa: String?
    @Option(name: .long, help: "A file with the worker's own certificate.")
    var tlsCertificate: String?
    @Option(name: .long, help: "A file with its key.")
    var tlsKey: String?
    @Option(name: .long, help: "How long nodes may take to end when the worker is told to.")
    var grace = "30s"
    @Flag(name: .long, help: "Let nodes call this machine and its network.")
    var allowPrivate = false
    @Option(name: .long, help: "text or json.")
    var logFormat = "text"
    @Option(name: .long, help: "debug, info, notice, warning or error.")
    var logLevel = "info"

    func run() async throws {
        do {
            try await work()
        } catch let error as UsageError {
            StandardStreams.writeError("flowcore: \(error)\n")
            throw ExitCode(78)
        }
    }

    private func work() async throws {
        let environment = ProcessInfo.processInfo.environment
        let servers =
            nats.isEmpty ? (environment["FLOWCORE_WORKER_NATS"] ?? "").split(separator: ",").map { String($0) } : nats
        guard !servers.isEmpty else { throw UsageError(description: "--nats: the URL of a broker is needed") }
        guard let grace = DurationText.parse(.string(grace)) else {
            throw UsageError(description: "--grace: expected a duration such as 30s")
        }
        guard (1...10_000).contains(concurrency) else {
            throw UsageError(description: "--concurrency: expected 1 to 10000")
        }
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw UsageError(description: "--log-level: expected debug, info, notice, warning or error")
        }
        guard ["text", "json"].contains(logFormat) else {
            throw UsageError(description: "--log-format: expected text or json")
        }
        LoggingSystem.bootstrap { label in
            if logFormat == "json" {
                JSONLogHandler(label: label, clock: SystemClock(), logLevel: level)
            } else {
                TextLogHandler(label: label, clock: SystemClock(), logLevel: level)
            }
        }
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: allowPrivate))
        let backend = NativeBackend(catalog: BuiltInNodeTypes.catalog(calls: calls))
        let options = try workerOptions(backend)
        let signals = await Signals.termination()
        let worker = NodeWorker(
            options, broker: try brokerOptions(servers, options.id, environment), backend: backend,
            clock: SystemClock(), logger: Logger(label: "flowcore.worker"))
        worker.start()
        let announcement = Task {
            while !worker.isConnected { try await SystemClock().sleep(for: .milliseconds(20)) }
            StandardStreams.write("worker \(options.id) connected\n")
        }
        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
        announcement.cancel()
        // A second signal does not wait.
        let impatience = Task {
            var iterator = signals.makeAsyncIterator()
            if await iterator.next() != nil { Signals.exit(130) }
        }
        await worker.drain(grace: grace)
        impatience.cancel()
        // Work that does not heed its cancellation must not keep the process.
        Signals.exit(0)
    }

    private func workerOptions(_ backend: NativeBackend) throws -> WorkerOptions {
        let known = backend.nodeTypes.map(\.name)
        let wanted = types.map { $0.split(separator: ",").map { String($0) } } ?? known
        for type in wanted where !known.contains(type) {
            throw UsageError(
                description: "--types: there is no node type \"\(type)\"; there are \(known.joined(separator: ", "))")
        }
        guard !wanted.isEmpty else { throw UsageError(description: "--types: expected at least one type") }
        var labels: [String: String] = [:]
        for text in label {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw UsageError(description: "--label: expected name=value, such as gpu=true")
            }
            labels[String(parts[0])] = String(parts[1])
        }
        let host = ProcessInfo.processInfo.hostName
        let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
        return WorkerOptions(
            namespace: namespace, id: id ?? "\(host)-\(ProcessInfo.processInfo.processIdentifier)-\(suffix)",
            types: wanted, labels: labels, slots: concurrency, version: Version.text)
    }

    private func brokerOptions(
        _ servers: [String], _ id: String, _ environment: [String: String]
    ) throws -> NATSOptions {
        var options = NATSOptions(servers: servers, name: id)
        func variable(_ name: String) throws -> String {
            guard let value = environment[name], !value.isEmpty else {
                throw UsageError(description: "the variable \(name) is needed")
            }
            return value
        }
        if let credentials {
            guard let text = try? String(contentsOfFile: credentials, encoding: .utf8),
                let parsed = NATSOptions.credentials(parsing: text)
            else { throw UsageError(description: "--credentials: \(credentials) is no file of credentials") }
            options.credentials = parsed
        } else if let user {
            options.credentials = .password(user: user, password: try variable("FLOWCORE_WORKER_PASSWORD"))
        } else if let nkey {
            let seed = try variable("FLOWCORE_WORKER_SEED")
            guard NATSOptions.isSeed(seed) else {
                throw UsageError(description: "FLOWCORE_WORKER_SEED: it is no seed of a key of NATS")
            }
            options.credentials = .nkey(publicKey: nkey, seed: seed)
        } else if let token = environment["FLOWCORE_WORKER_TOKEN"], !token.isEmpty {
            options.credentials = .token(token)
        }
        if tlsCa != nil || tlsCertificate != nil || servers.contains(where: { $0.hasPrefix("tls://") }) {
            do {
                options.tls = try BrokerFiles.tls(
                    authorities: tlsCa, certificate: tlsCertificate, key: tlsKey, serverName: nil)
            } catch {
                throw UsageError(description: error.issues.map(\.description).joined(separator: "\n"))
            }
        }
        return options
    }
}
