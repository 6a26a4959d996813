import FlowBackends
import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import Logging
import MicroHTTPD

/// Where a backend is judged: it is registered with an engine of the suite's own, and can be asked over the wire.
struct Bench: Sendable {
    /// The engine.
    let service: WorkflowService
    /// The name under which the engine knows the backend.
    let name: BackendName
    /// The name under which it takes large answers.
    let largeName: BackendName
    /// Which of its nodes a backend of this process executes; `nil` of a service.
    let attempts: GuestBackend.Attempts?
    /// Asks the backend over the wire.
    let wire: WireClient
    /// What the backend says of itself; empty when that is no JSON object.
    let description: JSONObject
    /// What it says that it can do, as it says it.
    let capabilities: JSONObject
    /// What it promises, as the engine understands it.
    let contract: BackendContract
    /// The nodes that it is tried with.
    private(set) var samples: Samples
    /// Why there is no sample for calls, when there was one.
    private(set) var unreachable: String?
    /// What is wrong with the samples that it tells.
    let sampleIssues: [ValidationIssue]
    /// What nodes call.
    let probe: Probe
    /// Where that is.
    let probeURL: String
    /// So much more time than it promises is given to the backend.
    var slack: Duration = .zero
    /// How much more time than a quick backend this one is given for its work, by the pace of its first nodes. What it
    /// promises of time is not changed by that.
    private(set) var scale = 1
    /// When it was set up.
    let startedAt: Timestamp
    /// Makes ids that nobody else has.
    let ids: WorkflowIDGenerator

    /// Calls `body` with a backend on a bench, which is taken down afterwards. The backend goes on.
    ///
    /// - Throws: ``ConformanceFailure`` when a service does not answer at all; what `body` throws.
    static func with<Result: Sendable>(
        _ subject: Subject, samples: Samples, slack: Duration = .zero, _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: true))
        let probe = Probe()
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(
                try await LoopbackServer.with(maxBodyBytes: WireClient.maxBytes, { await probe.respond(to: $0) }) {
                    server in
                    try await set(up: subject, samples, calls, probe, server.url) { bench in
                        var bench = bench
                        bench.slack = slack
                        return try await body(bench)
                    }
                })
        } catch {
            result = .failure(error)
        }
        _ = await Deadline.run(within: .seconds(2)) { await calls.shutdown() }
        return try result.get()
    }

    private static func set<Result: Sendable>(
        up subject: Subject, _ samples: Samples, _ calls: OutboundHTTP, _ probe: Probe, _ probeURL: String,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let backend: any Backend
        var large: RemoteBackend?
        switch subject {
        case .backend(let guest): backend = GuestBackend(guest: guest)
        case .service(let base, let fields, let own):
            let remote = try RemoteBackend(
                name: "judged", base: base, fields: fields, calls: own ?? calls, clock: SystemClock(),
                maxResponseBytes: WireClient.maxBytes)
            large = try RemoteBackend(
                name: "judged-large", base: base, fields: fields, calls: own ?? calls, clock: SystemClock(),
                maxResponseBytes: WireClient.maxLargeBytes)
            // Asked first, so that one that is not there is told soon.
            let wire = WireClient(base: remote.wire.base, fields: fields, calls: own ?? calls)
            _ = try await wire.send("GET", "", [("Accept", "application/json")], within: .seconds(5))
            await remote.learn()
            backend = remote
        }
        let service = await engine(of: [backend] + (large.map { [$0] } ?? []), calls)
        _ = try await service.start()
        let host: HTTPServer?
        let wire: WireClient
        switch subject {
        case .backend:
            let server = try Self.host(service)
            host = server
            wire = WireClient(
                base: "http://127.0.0.1:\(server.port)/backends/\(backend.name)", fields: [], calls: calls)
        case .service(_, let fields, let own):
            host = nil
            wire = WireClient(base: (backend as? RemoteBackend)?.wire.base ?? "", fields: fields, calls: own ?? calls)
        }
        let result: Swift.Result<Result, any Error>
        do {
            let bench = try await Bench(service, backend, large ?? backend, wire, samples, probe, probeURL)
            result = .success(try await body(bench))
        } catch {
            result = .failure(error)
        }
        // A backend may keep its nodes for longer than anybody wants to wait.
        _ = await Deadline.run(within: .seconds(3)) {
            await host?.stop(grace: .milliseconds(100))
            await service.stop(grace: .zero)
        }
        return try result.get()
    }

    private init(
        _ service: WorkflowService, _ backend: any Backend, _ large: any Backend, _ wire: WireClient,
        _ samples: Samples, _ probe: Probe, _ probeURL: String
    ) async throws {
        self.service = service
        self.wire = wire
        self.probe = probe
        self.probeURL = probeURL
        startedAt = service.clock.now
        ids = WorkflowIDGenerator()
        name = backend.name
        largeName = large.name
        attempts = (backend as? GuestBackend)?.attempts
        contract = await backend.contract
        let answer = try await wire.get("")
        // Of a wrong URL, or a wrong key, a hundred cases would tell the same.
        try answer.expect(![401, 403, 404].contains(answer.status), "a backend's description at its URL")
        description = answer.json?.object ?? JSONObject()
        capabilities = (try? await wire.get("/capabilities"))?.json?.object ?? JSONObject()
        var told = Samples()
        var issues: [ValidationIssue] = []
        if let object = description["samples"]?.object {
            do { told = try Samples(decoding: object, at: ["samples"]) } catch { issues = error.issues }
        } else {
            told = .builtIn(of: description["node_types"]?.array?.compactMap(\.string) ?? [])
        }
        self.samples = samples.merging(told)
        sampleIssues = issues
        await tryCalls()
        await measurePace()
    }

    /// A backend that needs no more for a node is quick.
    private static let quick: Duration = .milliseconds(40)
    /// One that needs more than so many times that is given no more time.
    private static let maximumScale = 15

    /// Has the quickest of two nodes tell how long the backend needs for one. One that does not answer is not slow.
    private mutating func measurePace() async {
        guard let sample = samples[.succeeds] ?? samples[.echoes] else { return }
        let trial = Trial(bench: self)
        var pace: Duration?
        for _ in 0..<2 {
            let start = ContinuousClock.now
            guard let answer = try? await trial.execute(sample, within: .seconds(3)), answer.status == 200 else {
                return
            }
            let time = ContinuousClock.now - start
            pace = min(pace ?? time, time)
        }
        guard let pace else { return }
        scale = min(max(1, Int((pace / Self.quick).rounded(.up))), Self.maximumScale)
    }

    /// Has a node call the suite. One on another machine, or one that may not call this one, cannot, which is no fault of its.
    private mutating func tryCalls() async {
        guard let sample = samples[.calls] else { return }
        let line = probe.line()
        let trial = Trial(bench: self)
        _ = try? await trial.execute(sample.calling(probeURL + line.path), within: .seconds(3))
        guard line.calls.count == 0 else { return }
        samples[.calls] = nil
        unreachable =
            "the node of the sample \"calls\" does not reach the suite at \(probeURL): it has to run on this machine and to be "
            + "allowed to call it (outbound.allow_private)"
    }

    private static func engine(of backends: [any Backend], _ calls: OutboundHTTP) async -> WorkflowService {
        let logger = Logger(label: "conformance") { _ in SwiftLogNoOpLogHandler() }
        let journal = MemoryJournal()
        var limits = EngineLimits()
        limits.cancelGrace = .seconds(3)
        limits.payloadBytes = 16 << 20
        let registry = await BackendRegistry(
            builtIn: backends, factories: [WireBackendFactory(calls: calls)], journal: journal, logger: logger)
        let ids = WorkflowIDGenerator()
        return WorkflowService(
            registry: registry, journal: journal, limits: limits, clock: SystemClock(), logger: logger,
            makeID: { ids.next(at: $0) })
    }

    private static func host(_ service: WorkflowService) throws -> HTTPServer {
        let application = Application(
            service: service, metrics: PrometheusMetrics(), options: Application.Options(),
            logger: Logger(label: "conformance.http") { _ in SwiftLogNoOpLogHandler() })
        var options = ServerOptions()
        options.port = 0
        options.loops = 1
        options.maxBodyBytes = 32 << 20
        return try HTTPServer(options: options, responder: application.responder)
    }
}
