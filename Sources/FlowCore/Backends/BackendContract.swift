/// What a backend promises beside its capabilities, as numbers and names that clients can rely on.
public struct BackendContract: Hashable, Sendable {
    /// Who tries a failed node again.
    public enum RetryOwner: String, Hashable, Sendable {
        /// The service, with one journaled attempt for each try.
        case service
        /// The backend itself, within one attempt. What still fails for want of it is not tried again by the service,
        /// unless the node's own policy says so.
        case backend
    }

    /// The largest input or output of a node, in bytes of JSON.
    public var maxPayloadBytes: Int
    /// How many nodes of one run may run at the same time.
    public var maxParallel: Int
    /// How long a running node may take to end after its cancellation.
    public var timeToCancel: Duration
    /// Who tries a failed node again.
    public var retryOwner: RetryOwner
    /// What runs on the backend survive when they ask for it.
    public var durability: Durability
    /// Whether nodes that are ready together start in the order of the workflow.
    public var isOrdered: Bool

    /// Makes a contract.
    public init(
        maxPayloadBytes: Int = 10 << 20, maxParallel: Int = 1000, timeToCancel: Duration = .seconds(5),
        retryOwner: RetryOwner = .service, durability: Durability = .full, isOrdered: Bool = true
    ) {
        self.maxPayloadBytes = maxPayloadBytes
        self.maxParallel = maxParallel
        self.timeToCancel = timeToCancel
        self.retryOwner = retryOwner
        self.durability = durability
        self.isOrdered = isOrdered
    }

    /// What can be relied on whichever of the two does the work.
    public func meet(_ other: BackendContract) -> BackendContract {
        BackendContract(
            maxPayloadBytes: min(maxPayloadBytes, other.maxPayloadBytes),
            maxParallel: min(maxParallel, other.maxParallel), timeToCancel: max(timeToCancel, other.timeToCancel),
            retryOwner: retryOwner == other.retryOwner ? retryOwner : .service,
            durability: durability == other.durability ? durability : .none,
            isOrdered: isOrdered && other.isOrdered)
    }
}
