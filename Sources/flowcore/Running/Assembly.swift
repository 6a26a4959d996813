import BackendTestSuite
import FlowBackends
import FlowCore
import FlowEngine
import FlowServer
import FlowStore
import Logging
import Metrics

/// The service with all its parts: the one place where they are put together.
struct Assembly: Sendable {
    let service: WorkflowService
    let calls: OutboundHTTP
    /// Calls for hooks, apart from those of nodes, which they must not slow down.
    let hookCalls: OutboundHTTP

    /// Opens the journal and makes the service; it does not run yet.
    init(
        directory: String, limits: EngineLimits, allowsPrivateCalls: Bool, logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, secrets: Secrets = Secrets()
    ) async throws {
        let journal = try await SQLiteJournal.open(directory: directory)
        let policy = OutboundPolicy(allowsPrivate: allowsPrivateCalls)
        calls = OutboundHTTP(policy: policy)
        hookCalls = OutboundHTTP(policy: policy, isPatient: true)
        let native = NativeBackend(
            catalog: BuiltInNodeTypes.catalog(calls: calls),
            contract: BackendContract(
                maxPayloadBytes: limits.payloadBytes, maxParallel: limits.parallelNodes,
                timeToCancel: limits.cancelGrace))
        let registry = await BackendRegistry(
            builtIn: [native],
            factories: [
                LoggingBackendFactory(),
                ResilientBackendFactory(clock: SystemClock(), random: { Double.random(in: 0..<1) }),
                FallbackBackendFactory(), MeteredBackendFactory(metrics: metrics),
                RemoteBackendFactory(calls: calls, clock: SystemClock(), secrets: secrets),
            ], journal: journal, logger: logger)
        let ids = WorkflowIDGenerator()
        service = WorkflowService(
            registry: registry, journal: journal, limits: limits, clock: SystemClock(), logger: logger,
            metrics: metrics, secrets: secrets.isEmpty ? nil : secrets, random: { Double.random(in: 0..<1) },
            hooks: CompletionHooks(
                sender: OutboundWebhookSender(calls: hookCalls, clock: SystemClock()),
                encode: CompletionEventEncoding.bytes),
            conformance: ConformanceRuns(
                registry: registry, judge: SuiteJudge(), store: journal, clock: SystemClock(), logger: logger,
                secrets: secrets.isEmpty ? nil : secrets, makeID: { ids.next(at: $0) }),
            makeID: { ids.next(at: $0) })
    }

    /// Stops everything; runs that are active have so long to end.
    func stop(grace: Duration) async {
        await service.stop(grace: grace)
        await calls.shutdown()
        await hookCalls.shutdown()
    }
}
