import FlowCore
import FlowEngine
import FlowJSON
import Synchronization

/// The disk as one server sees it. A server that crashed neither reads nor writes any more.
final class ServerJournal: Journal {
    let disk: SimulatedDisk
    let owner: Scheduler.Owner
    private let sabotage: Sabotage?
    private let state = Mutex(State())

    private struct State: Sendable {
        var isDead = false
        var isClosed = false
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        var next = 0
    }

    init(_ disk: SimulatedDisk, owner: Scheduler.Owner, sabotage: Sabotage?) {
        self.disk = disk
        self.owner = owner
        self.sabotage = sabotage
    }

    /// Cuts the server off.
    func die() {
        let waiting = state.withLock { state in
            state.isDead = true
            defer { state.waiting = [:] }
            return state.waiting.sorted { $0.key < $1.key }.map(\.value)
        }
        for continuation in waiting { continuation.resume(returning: false) }
    }

    func append(_ batch: JournalBatch, completion: @escaping @Sendable (JournalError?) -> Void) {
        guard state.withLock({ !$0.isDead && !$0.isClosed }) else {
            return completion(JournalError(.unavailable, "the journal is closed"))
        }
        disk.append(.init(batch: batch, completion: completion), from: owner)
    }

    /// Reads after some time, as another thread would.
    func read<Value: Sendable>(
        _ body: @Sendable (borrowing SimulatedDisk.State) -> Value
    ) async throws(JournalError) -> Value {
        guard await turn(), !disk.failsRead() else { throw JournalError(.unavailable, "the disk cannot be read") }
        return disk.state.withLock { body($0) }
    }

    /// Waits as long as the disk takes.
    ///
    /// - Returns: false when the server crashed meanwhile.
    private func turn() async -> Bool {
        await withCheckedContinuation { continuation in
            let isAlive = state.withLock { state in
                guard !state.isDead else { return false }
                state.next += 1
                let number = state.next
                state.waiting[number] = continuation
                disk.scheduler.perform(after: disk.delay(), for: owner) { [weak self] in self?.wake(number) }
                return true
            }
            if !isAlive { continuation.resume(returning: false) }
        }
    }

    private func wake(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: true)
    }

    func events(of id: WorkflowID, after position: Int, limit: Int) async throws(JournalError) -> [RunEvent] {
        let found = try await read { state in
            state.runs[id].map { run in Array(run.events.drop { $0.position <= position }.prefix(limit)) }
        }
        guard var events = found else { throw JournalError(.notFound, "there is no run \"\(id)\"") }
        if sabotage == .skipEvent, events.count > 2 { events.remove(at: 1) }
        return events
    }

    func status(of id: WorkflowID) async throws(JournalError) -> WorkflowStatus? {
        try await read { $0.runs[id]?.entry.status }
    }

    func entries(matching query: RunQuery) async throws(JournalError) -> [RunEntry] {
        try await read { state in
            let entries = state.order.compactMap { state.runs[$0]?.entry }.filter { query.matches($0) }
            return Array(entries.sorted { $0.sequence > $1.sequence }.prefix(query.limit))
        }
    }

    func unfinished() async throws(JournalError) -> [RunEntry] {
        try await read { state in
            state.order.compactMap { state.runs[$0]?.entry }.filter { !$0.status.isFinished }
                .sorted { $0.sequence < $1.sequence }
        }
    }

    func lastSequence() async throws(JournalError) -> Int64 {
        try await read { state in state.order.compactMap { state.runs[$0]?.entry.sequence }.max() ?? 0 }
    }

    func idempotencyRecord(_ key: String) async throws(JournalError) -> IdempotencyRecord? {
        try await read { $0.keys[key] }
    }

    func delete(_ id: WorkflowID) async throws(JournalError) -> Bool {
        guard await turn() else { throw JournalError(.unavailable, "the journal is closed") }
        return disk.state.withLock { state in
            guard state.runs.removeValue(forKey: id) != nil else { return false }
            state.order.removeAll { $0 == id }
            for (key, record) in state.keys where record.workflowID == id { state.keys[key] = nil }
            return true
        }
    }

    /// Nothing is removed by age or number here.
    func prune(_ policy: RetentionPolicy, now: Timestamp, batch: Int) async throws(JournalError) -> [WorkflowID] { [] }

    func registrations() async throws(JournalError) -> [BackendRegistration] { try await read { $0.registrations } }

    func save(_ registration: BackendRegistration) async throws(JournalError) {
        guard await turn() else { throw JournalError(.unavailable, "the journal is closed") }
        disk.state.withLock { state in
            state.registrations.removeAll { $0.name == registration.name }
            state.registrations.append(registration)
        }
    }

    func removeRegistration(_ name: BackendName) async throws(JournalError) {
        guard await turn() else { throw JournalError(.unavailable, "the journal is closed") }
        disk.state.withLock { state in state.registrations.removeAll { $0.name == name } }
    }

    func check() async throws(JournalError) { _ = try await read { _ in true } }

    func close() async {
        let isOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isDead && !state.isClosed
        }
        guard isOpen else { return }
        _ = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let number = state.withLock { state in
                state.next += 1
                state.waiting[state.next] = continuation
                return state.next
            }
            disk.flush { [weak self] in self?.wake(number) }
        }
    }
}

/// What is stored under names was there before the first server and never changes.
extension ServerJournal: DefinitionStore {
    func definition(_ reference: DefinitionReference) async throws(JournalError) -> Definition? {
        try await read { state in
            let id = DefinitionID(reference.name, version: 1)
            guard reference.includes(id), let document = state.definitions[id.name] else { return nil }
            let entry = DefinitionEntry(id: id, createdAt: Scheduler.start)
            return Definition(entry: entry, document: JSONWriter.bytes(of: .object(document)))
        }
    }

    func latestDefinitions(after name: DefinitionName?, limit: Int) -> [DefinitionEntry] { [] }
    func versions(of name: DefinitionName, before version: Int?, limit: Int) -> [DefinitionEntry] { [] }

    func append(
        _ document: [UInt8], to name: DefinitionName, after latest: Int?, at instant: Timestamp,
        limits: DefinitionLimits
    ) -> DefinitionEntry? { nil }

    func removeDefinition(_ name: DefinitionName, latest: Int) -> Bool { false }
    func removeVersion(_ id: DefinitionID) -> Bool { false }
}
