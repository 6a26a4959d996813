import FlowBackends
import FlowCore
import FlowEngine
import FlowStore
import Logging
import Metrics

/// The service with all its parts: the one place where they are put together.
struct Assembly: Sendable {
    let service: WorkflowService
    let calls: OutboundHTTP

    /// Opens the journal and makes the service; it does not run yet.
    init(
        directory: String, limits: EngineLimits, allowsPrivateCalls: Bool, logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) async throws {
        let journal = try await SQLiteJournal.open(directory: directory)
        calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: allowsPrivateCalls))
        let native = NativeBackend(
            catalog: BuiltInNodeTypes.catalog(calls: calls),
            contract: BackendContract(
                maxPayloadBytes: limits.payloadBytes, maxParallel: limits.parallelNodes,
                timeToCancel: limits.cancelGrace))
        let registry = await BackendRegistry(
            builtIn: [native], factories: [LoggingBackendFactory()], journal: journal, logger: logger)
        let ids = WorkflowIDGenerator()
        service = WorkflowService(
            registry: registry, journal: journal, limits: limits, clock: SystemClock(), logger: logger,
            metrics: metrics, random: { Double.random(in: 0..<1) }, makeID: { ids.next(at: $0) })
    }

    /// Stops everything; runs that are active have so long to end.
    func stop(grace: Duration) async {
        await service.stop(grace: grace)
        await calls.shutdown()
    }
}
