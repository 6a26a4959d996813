public import FlowCore

/// Where deliveries are kept. The engine states what it needs; a store implements it.
///
/// A delivery comes into being with the last event of its run, in one transaction (``JournalBatch/delivery``), and goes
/// with the run. A run is not pruned while its delivery is pending.
public protocol DeliveryStore: Sendable {
    /// Pending deliveries whose next attempt is due, the one that has waited longest first.
    ///
    /// - Parameters:
    ///   - origins: Receivers that are left out.
    ///   - limit: How many at most.
    func dueDeliveries(
        at instant: Timestamp, except origins: Set<String>, limit: Int
    ) async throws(JournalError) -> DueDeliveries

    /// Stores what came of attempts, all together. What is not there any more stays so.
    func record(_ deliveries: [Delivery]) async throws(JournalError)

    /// The delivery of a run, or `nil` when it has none.
    func delivery(of id: WorkflowID) async throws(JournalError) -> Delivery?
}

/// Deliveries that are due.
public struct DueDeliveries: Hashable, Sendable {
    /// The deliveries.
    public var deliveries: [Delivery]
    /// When the first of those that are not due yet will be.
    public var next: Timestamp?

    /// Makes a result.
    public init(_ deliveries: [Delivery] = [], next: Timestamp? = nil) {
        self.deliveries = deliveries
        self.next = next
    }
}
