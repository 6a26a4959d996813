public import FlowJSON

/// What every node of a run may know of the run.
public final class RunInformation: Sendable {
    /// The run's id.
    public let id: WorkflowID
    /// The workflow's name.
    public let name: String
    /// The workflow's version.
    public let version: String?
    /// The run's backend.
    public let backend: BackendName
    /// Values that the run carries along.
    public let variables: JSONObject
    /// When the run was submitted.
    public let submittedAt: Timestamp
    /// The trace that the submission belongs to, as the field `traceparent` names it.
    public let traceparent: String?

    /// Makes the information.
    public init(_ context: WorkflowContext) {
        id = context.id
        name = context.graph.workflow.name
        version = context.graph.workflow.version
        backend = context.backend
        variables = context.submission.variables
        submittedAt = context.submittedAt
        traceparent = context.submission.traceparent
    }

    /// Makes the information of a run that another server plans.
    public init(
        id: WorkflowID, name: String, version: String? = nil, backend: BackendName,
        variables: JSONObject = JSONObject(), submittedAt: Timestamp, traceparent: String? = nil
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.backend = backend
        self.variables = variables
        self.submittedAt = submittedAt
        self.traceparent = traceparent
    }
}

/// One attempt at one node, as its backend gets it.
public struct NodeRequest: Sendable {
    /// The node.
    public var node: Node
    /// What the node works on.
    public var input: JSONValue
    /// The attempt's number, from 1.
    public var attempt: Int
    /// The first attempt at the same piece of work: those since then were lost with the server, and what they began may
    /// still be under way where it runs.
    public var workAttempt: Int
    /// The run.
    public var run: RunInformation
    /// The instant after which nobody waits for the result.
    public var deadline: Timestamp?
    /// The clock that the node's own waits go by.
    public var clock: any WallClock
    /// Hands out a part of the result while the node runs; parts reach those who follow the run in their order.
    public var emit: @Sendable (JSONValue) -> Void
    /// Tells that another backend does the work than the one that was to do it, before it does.
    public var report: @Sendable (BackendSwitch) -> Void
    /// Whether the task was cancelled since the server leaves the run as it is. Then the work shall go on where it can: the
    /// next server asks for it again.
    public var isLeft: @Sendable () -> Bool = { false }

    /// Makes a request.
    public init(
        node: Node, input: JSONValue, attempt: Int, run: RunInformation, deadline: Timestamp? = nil,
        clock: any WallClock, emit: @escaping @Sendable (JSONValue) -> Void = { _ in },
        report: @escaping @Sendable (BackendSwitch) -> Void = { _ in }
    ) {
        self.report = report
        self.node = node
        self.input = input
        self.attempt = attempt
        workAttempt = attempt
        self.run = run
        self.deadline = deadline
        self.clock = clock
        self.emit = emit
    }

    /// The field `traceparent` for calls of this attempt, when its run belongs to a trace: the caller's trace with a span
    /// of the attempt's own, whose id follows from ``idempotencyKey``.
    public var traceparent: String? {
        guard let parts = run.traceparent?.split(separator: "-"), parts.count == 4 else { return nil }
        // FNV-1a with 64 bits; an id of zeros is not allowed.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in idempotencyKey.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let span = String(max(hash, 1), radix: 16)
        return "\(parts[0])-\(parts[1])-\(String(repeating: "0", count: 16 - span.utf8.count))\(span)-\(parts[3])"
    }

    /// A text that is the same whenever this attempt is delivered again: `<workflow>/<node>/<attempt>`.
    public var idempotencyKey: String { "\(run.id)/\(node.id)/\(attempt)" }
}
