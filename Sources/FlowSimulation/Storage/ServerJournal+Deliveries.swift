import FlowCore
import FlowEngine
import Synchronization

/// What is to be told of the end of runs lies on the disk.
extension ServerJournal: DeliveryStore {
    func dueDeliveries(
        at instant: Timestamp, except origins: Set<String>, limit: Int
    ) async throws(JournalError) -> DueDeliveries {
        try await read { state in
            let pending = state.deliveries.values.filter { $0.status == .pending }
                .map { (instant: $0.nextAttemptAt ?? $0.createdAt, delivery: $0) }
                .sorted { ($0.instant, $0.delivery.sequence) < ($1.instant, $1.delivery.sequence) }
            let due = pending.filter { $0.instant <= instant && !origins.contains($0.delivery.origin) }
            return DueDeliveries(
                due.prefix(limit).map(\.delivery), next: pending.map(\.instant).first { $0 > instant })
        }
    }

    func record(_ deliveries: [Delivery]) async throws(JournalError) {
        // As a write it fails as writes do, and leaves nothing.
        _ = try await read { _ in true }
        disk.state.withLock { state in
            for delivery in deliveries where state.deliveries[delivery.workflowID] != nil {
                state.deliveries[delivery.workflowID] = delivery
            }
        }
    }

    func delivery(of id: WorkflowID) async throws(JournalError) -> Delivery? { try await read { $0.deliveries[id] } }
}
