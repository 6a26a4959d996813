public import FlowCore

/// What every part of the engine shares.
final class EngineEnvironment: Sendable {
    let journal: any Journal
    let clock: any WallClock
    let deadlines: Deadlines
    let limits: EngineLimits
    let lookup: BackendLookup
    /// Who the backends are; `nil` when nobody asks.
    let identities: (any BackendIdentities)?
    /// Numbers from 0 up to 1, which place attempts within their jitter.
    let random: @Sendable () -> Double
    let secrets: (any SecretSource)?
    /// Where work of the engine's own preferably happens; `nil` leaves it to the system.
    let executor: (any TaskExecutor)?
    /// The runs that nodes start.
    let children = ChildRuns()

    init(
        journal: any Journal, clock: any WallClock, deadlines: Deadlines, limits: EngineLimits,
        secrets: (any SecretSource)?, random: @escaping @Sendable () -> Double,
        executor: (any TaskExecutor)? = nil, identities: (any BackendIdentities)? = nil,
        lookup: @escaping BackendLookup
    ) {
        self.identities = identities
        self.journal = journal
        self.clock = clock
        self.deadlines = deadlines
        self.limits = limits
        self.lookup = lookup
        self.secrets = secrets
        self.random = random
        self.executor = executor
    }
}

/// Bounds and defaults of an engine.
public struct EngineLimits: Hashable, Sendable {
    /// What a workflow has to keep.
    public var workflow = WorkflowLimits()
    /// How much may be stored of definitions.
    public var definitions = DefinitionLimits()
    /// How others are told of the end of runs.
    public var hooks = HookLimits()
    /// The largest input or output of a node, in bytes of JSON.
    public var payloadBytes = 10 << 20
    /// How deep inputs and outputs may nest.
    public var payloadDepth = 256
    /// The largest total of what one run writes: its outputs, the inputs that templates make and the items of its bodies,
    /// in bytes of JSON.
    public var runBytes = 64 << 20
    /// How many runs may be active at the same time; more are refused.
    public var activeRuns = 10_000
    /// How many nodes of one run may be running at the same time, unless its workflow says fewer.
    public var parallelNodes = 64
    /// How many nodes one run may have, those of all iterations of its bodies counted.
    public var runNodes = 100_000
    /// How many runs may stand above each other, each started by a node of the one above.
    public var nesting = 16
    /// When failed attempts are made again whose node does not say; `nil` never.
    public var retry: RetryPolicy?
    /// How long an attempt may take whose node does not say.
    public var nodeTimeout: Duration?
    /// How long a run may take whose workflow does not say.
    public var runTimeout: Duration?
    /// How long a cancelled node may take to end before the run goes on without it.
    public var cancelGrace: Duration = .seconds(5)
    /// How long a client may wait for a run in one request.
    public var maximumWait: Duration = .seconds(300)
    /// How many backends may be judged at the same time; more conformance runs are refused.
    public var conformanceRuns = 2
    /// How many bytes of finished runs are held in memory for those who read them soon.
    public var finishedBytes = 8 << 20
    /// How many bytes of finished runs without durability are kept.
    public var volatileBytes = 64 << 20

    /// Makes the defaults.
    public init() {}
}
