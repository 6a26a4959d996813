import FlowCore
import Synchronization

/// The deliveries of runs that are kept in memory alone, up to a number.
final class VolatileDeliveries: DeliveryStore {
    private let capacity: Int
    private let deliveries = Mutex<[Int64: Delivery]>([:])

    init(capacity: Int) { self.capacity = capacity }

    /// Takes a delivery.
    ///
    /// - Returns: false when there is no room for it.
    func add(_ delivery: Delivery) -> Bool {
        deliveries.withLock { deliveries in
            guard deliveries.count < capacity else { return false }
            deliveries[delivery.sequence] = delivery
            return true
        }
    }

    func dueDeliveries(
        at instant: Timestamp, except origins: Set<String>, limit: Int
    ) async throws(JournalError) -> DueDeliveries {
        deliveries.withLock { deliveries in
            var due: [(instant: Timestamp, delivery: Delivery)] = []
            var next: Timestamp?
            for delivery in deliveries.values {
                guard let time = delivery.nextAttemptAt else { continue }
                if time > instant {
                    next = next.map { min($0, time) } ?? time
                } else if !origins.contains(delivery.origin) {
                    due.append((time, delivery))
                }
            }
            due.sort { ($0.instant, $0.delivery.sequence) < ($1.instant, $1.delivery.sequence) }
            return DueDeliveries(due.prefix(limit).map(\.delivery), next: next)
        }
    }

    /// Keeps those that go on; of the others nothing is left to do.
    func record(_ changed: [Delivery]) async throws(JournalError) {
        deliveries.withLock { deliveries in
            for delivery in changed where deliveries[delivery.sequence] != nil {
                deliveries[delivery.sequence] = delivery.status == .pending ? delivery : nil
            }
        }
    }

    func contains(_ sequence: Int64) -> Bool { deliveries.withLock { $0[sequence] != nil } }

    func delivery(of id: WorkflowID) async throws(JournalError) -> Delivery? {
        deliveries.withLock { $0.values.first { $0.workflowID == id } }
    }
}
