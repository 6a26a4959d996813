public import FlowCore

/// Where runs are kept. The engine states what it needs; a store implements it.
///
/// What has been appended and confirmed survives a crash of the process and of the machine.
public protocol Journal: Sendable {
    /// Queues a run's next events and returns at once.
    ///
    /// Batches of one run are written in the order in which they were queued, and what waits at the same time is written
    /// together. `completion` is called exactly once, from a thread of the journal's own, when the batch is on disk or
    /// cannot be; it must not block.
    func append(_ batch: JournalBatch, completion: @escaping @Sendable (JournalError?) -> Void)

    /// The run's events behind a position, at most about `limit` of them, in order; empty at the end.
    ///
    /// - Throws: ``JournalError/Code/notFound`` when there is no such run.
    func events(of id: WorkflowID, after position: Int, limit: Int) async throws(JournalError) -> [RunEvent]

    /// Where a run stands, or `nil` when there is no such run.
    func status(of id: WorkflowID) async throws(JournalError) -> WorkflowStatus?

    /// The entries of the runs that match, newest first.
    func entries(matching query: RunQuery) async throws(JournalError) -> [RunEntry]

    /// Every run that has not ended, oldest first.
    func unfinished() async throws(JournalError) -> [RunEntry]

    /// The largest sequence number in use; 0 when there is none.
    func lastSequence() async throws(JournalError) -> Int64

    /// What was stored with an idempotency key.
    func idempotencyRecord(_ key: String) async throws(JournalError) -> IdempotencyRecord?

    /// Removes a run and all that belongs to it.
    ///
    /// - Returns: false when there is no such run.
    func delete(_ id: WorkflowID) async throws(JournalError) -> Bool

    /// Removes finished runs beyond the policy, a bounded number in one transaction.
    ///
    /// - Returns: the runs that were removed; fewer than `batch` means that none is left to remove.
    func prune(_ policy: RetentionPolicy, now: Timestamp, batch: Int) async throws(JournalError) -> [WorkflowID]

    /// The registered backends in the order of their registration.
    func registrations() async throws(JournalError) -> [BackendRegistration]

    /// Stores a registration, or replaces the one of its name.
    func save(_ registration: BackendRegistration) async throws(JournalError)

    /// Removes a registration.
    func removeRegistration(_ name: BackendName) async throws(JournalError)

    /// Keeps which version of the server works on the journal from now on, unless that is the last one.
    ///
    /// - Returns: all versions that have, in order.
    func note(_ version: ServerVersion) async throws(JournalError) -> [ServerVersion]

    /// Fails when the journal cannot write.
    func check() async throws(JournalError)

    /// Writes what is queued and closes the journal.
    func close() async
}

extension Journal {
    /// By default only the present version is known.
    public func note(_ version: ServerVersion) async throws(JournalError) -> [ServerVersion] { [version] }
}
