/// Some consecutive events of one run on their way to the journal.
public struct JournalBatch: Sendable {
    /// The run and its state after the batch, by which it is found.
    public var entry: RunEntry
    /// The position of the first event.
    public var firstPosition: Int
    /// The position of the last event.
    public var lastPosition: Int
    /// The events, as ``RunEventCodec`` writes them.
    public var events: [UInt8]
    /// The key that came with the submission. Only in the batch that holds position 1.
    public var idempotency: IdempotencyRecord?
    /// What is to be told of the run's end. Only in the batch that holds the run's last event.
    public var delivery: Delivery?

    /// Makes a batch.
    public init(
        entry: RunEntry, firstPosition: Int, lastPosition: Int, events: [UInt8],
        idempotency: IdempotencyRecord? = nil, delivery: Delivery? = nil
    ) {
        self.entry = entry
        self.firstPosition = firstPosition
        self.lastPosition = lastPosition
        self.events = events
        self.idempotency = idempotency
        self.delivery = delivery
    }

    /// Whether the batch creates its run. Such a batch is refused with ``JournalError/Code/conflict`` when the id, or
    /// its idempotency key, is taken.
    public var isFirst: Bool { firstPosition == 1 }
}
