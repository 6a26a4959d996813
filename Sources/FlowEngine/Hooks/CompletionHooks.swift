public import FlowCore

/// What the engine needs to tell others of the end of runs.
public struct CompletionHooks: Sendable {
    /// Writes the event that tells of a run's end. It gets the run, the event's id and its source.
    public typealias Encode = @Sendable (WorkflowContext, _ id: String, _ source: String) -> [UInt8]

    /// How it is sent.
    public var sender: any WebhookSender
    /// How it is written.
    public var encode: Encode

    /// Makes a set of parts.
    public init(sender: any WebhookSender, encode: @escaping Encode) {
        self.sender = sender
        self.encode = encode
    }
}

/// Bounds of what the engine tells others.
public struct HookLimits: Hashable, Sendable {
    /// How many are told at the same time.
    public var parallel = 32
    /// How long one may take to answer.
    public var timeout: Duration = .seconds(15)
    /// How long after its run's end an event is tried again.
    public var maximumAge: Duration = .seconds(3 * 86400)
    /// How many events of runs without durability wait at the same time.
    public var volatileCount = 10_000
    /// What the events call their source.
    public var source = "/flowcore"

    /// Makes the defaults.
    public init() {}

    /// How many of those that are told at the same time may be at one address, so that one which does not answer keeps
    /// the others waiting less.
    public var parallelPerOrigin: Int { max(1, parallel / 4) }
}
