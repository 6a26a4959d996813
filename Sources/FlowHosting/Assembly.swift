import BackendTestSuite
import FlowBackends
package import FlowCore
import FlowDistributed
package import FlowEngine
import FlowServer
import FlowStore
package import Logging
package import Metrics

/// The service with all its parts: the one place where they are put together.
package struct Assembly: Sendable {
    /// The service.
    package let service: WorkflowService
    let calls: OutboundHTTP
    /// Calls for hooks, apart from those of nodes, which they must not slow down.
    let hookCalls: OutboundHTTP

    /// Opens the journal and makes the service; it does not run yet.
    ///
    /// - Parameters:
    ///   - nodeTypes: What the backend `native` takes besides the built-in types.
    ///   - backends: Backends that are part of the server besides `native`.
    ///   - allowsPython: Whether backends may be registered that start Python.
    ///   - version: The version of the server, as receipts tell it.
    package init(
        directory: String, limits: EngineLimits, allowsPrivateCalls: Bool, logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, secrets: Secrets = Secrets(),
        nodeTypes: [any NodeType] = [], backends: [any Backend] = [], version: String? = nil,
        allowsPython: Bool = true
    ) async throws {
        let journal = try await SQLiteJournal.open(directory: directory)
        let policy = OutboundPolicy(allowsPrivate: allowsPrivateCalls)
        calls = OutboundHTTP(policy: policy)
        hookCalls = OutboundHTTP(policy: policy, isPatient: true)
        var catalog = BuiltInNodeTypes.catalog(calls: calls)
        for type in nodeTypes { catalog.register(type) }
        let native = NativeBackend(
            catalog: catalog,
            contract: BackendContract(
                maxPayloadBytes: limits.payloadBytes, maxParallel: limits.parallelNodes,
                timeToCancel: limits.cancelGrace))
        let python =
            allowsPython
            ? [LangChainBackendFactory(clock: SystemClock(), secrets: secrets, maxOutputBytes: limits.payloadBytes)]
            : []
        let runs = RunFinder()
        let registry = await BackendRegistry(
            builtIn: [native] + backends,
            factories: [
                LoggingBackendFactory(secrets: secrets.isEmpty ? nil : secrets),
                ResilientBackendFactory(clock: SystemClock(), random: { Double.random(in: 0..<1) }),
                FallbackBackendFactory(), MeteredBackendFactory(metrics: metrics),
                RemoteBackendFactory(calls: calls, clock: SystemClock(), secrets: secrets),
                DistributedBackendFactory(
                    clock: SystemClock(), secrets: secrets, random: { UInt64.random(in: .min ... .max) },
                    lookup: { try await runs.context(of: $0) }),
            ] + python, journal: journal, logger: logger)
        let ids = WorkflowIDGenerator()
        service = WorkflowService(
            registry: registry, journal: journal, limits: limits, clock: SystemClock(), logger: logger,
            metrics: metrics, secrets: secrets.isEmpty ? nil : secrets, random: { Double.random(in: 0..<1) },
            hooks: CompletionHooks(
                sender: OutboundWebhookSender(calls: hookCalls, clock: SystemClock()),
                encode: CompletionEventEncoding.bytes),
            conformance: ConformanceRuns(
                registry: registry, judge: SuiteJudge(), store: journal, clock: SystemClock(), logger: logger,
                limit: limits.conformanceRuns, secrets: secrets.isEmpty ? nil : secrets, makeID: { ids.next(at: $0) }),
            version: version,
            makeID: { ids.next(at: $0) })
        runs.service = service
    }

    /// Stops everything; runs that are active have so long to end.
    package func stop(grace: Duration) async {
        await service.stop(grace: grace)
        await calls.shutdown()
        await hookCalls.shutdown()
    }
}
