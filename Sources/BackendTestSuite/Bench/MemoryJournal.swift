import FlowCore
import FlowEngine
import Synchronization

/// A journal that keeps registrations in memory and takes no runs: those of the suite ask for no durability, so that their
/// events never come here.
final class MemoryJournal: Journal, DefinitionStore, DeliveryStore {
    private let known = Mutex<[BackendRegistration]>([])

    private static let refusal = JournalError(.unavailable, "the suite keeps nothing that outlives it")

    func append(_ batch: JournalBatch, completion: @escaping @Sendable (JournalError?) -> Void) {
        completion(Self.refusal)
    }

    func events(of id: WorkflowID, after position: Int, limit: Int) async throws(JournalError) -> [RunEvent] {
        throw JournalError(.notFound, "there is no run \"\(id)\"")
    }

    func status(of id: WorkflowID) -> WorkflowStatus? { nil }
    func entries(matching query: RunQuery) -> [RunEntry] { [] }
    func unfinished() -> [RunEntry] { [] }
    func lastSequence() -> Int64 { 0 }
    func idempotencyRecord(_ key: String) -> IdempotencyRecord? { nil }
    func delete(_ id: WorkflowID) -> Bool { false }
    func prune(_ policy: RetentionPolicy, now: Timestamp, batch: Int) -> [WorkflowID] { [] }

    func registrations() -> [BackendRegistration] { known.withLock { $0 } }

    func save(_ registration: BackendRegistration) {
        known.withLock { known in
            known.removeAll { $0.name == registration.name }
            known.append(registration)
        }
    }

    func removeRegistration(_ name: BackendName) { known.withLock { $0.removeAll { $0.name == name } } }

    func check() {}
    func close() async {}

    // MARK: Definitions

    func definition(_ reference: DefinitionReference) -> Definition? { nil }
    func latestDefinitions(after name: DefinitionName?, limit: Int) -> [DefinitionEntry] { [] }
    func versions(of name: DefinitionName, before version: Int?, limit: Int) -> [DefinitionEntry] { [] }

    func append(
        _ document: [UInt8], to name: DefinitionName, after latest: Int?, at instant: Timestamp,
        limits: DefinitionLimits
    ) async throws(JournalError) -> DefinitionEntry? {
        throw Self.refusal
    }

    func removeDefinition(_ name: DefinitionName, latest: Int) -> Bool { false }
    func removeVersion(_ id: DefinitionID) -> Bool { false }

    // MARK: Deliveries

    func dueDeliveries(at instant: Timestamp, except origins: Set<String>, limit: Int) -> DueDeliveries {
        DueDeliveries()
    }

    func record(_ deliveries: [Delivery]) {}
    func delivery(of id: WorkflowID) -> Delivery? { nil }
}
