import FlowCore
import FlowNATS
import Logging

/// How many workers an attempt has cost is known by the deliveries that were begun and came to nothing. They are written down
/// on the broker, so that a node that ends its workers does not begin anew with each start of the server. Most nodes have
/// ended before that: only what takes a while is written down, and what is delivered again before it is begun.
extension DistributedBackend {
    /// How long a delivery is begun before it is written down.
    private static let recordDelay: Duration = .seconds(1)
    /// How many are written down at a time.
    private static let mostRecords = 256
    /// A worker that asks does not wait for longer.
    private static let recordTime: Duration = .milliseconds(500)

    /// Writes down what was begun a while ago.
    func recordBegun() async {
        guard link.isReady else { return }
        let due = ledger.all.lazy.filter { $0.unrecorded(after: Self.recordDelay) != nil }.prefix(Self.mostRecords)
        await withDiscardingTaskGroup { group in
            for assignment in due { group.addTask { await self.record(assignment) } }
        }
    }

    private func record(_ assignment: Assignment) async {
        guard let record = assignment.unrecorded(after: .zero) else { return }
        guard await store(record, on: subject(of: assignment)) else { return }
        // It may have come to its end meanwhile.
        if assignment.recorded(record) { dropBegun(assignment) }
    }

    private func store(_ record: BegunRecord, on subject: String) async -> Bool {
        // No two records are the same message.
        let id = "begun.\(String(random(), radix: 36))"
        return (try? await link.stream.publish(subject, id: id, record.bytes, within: Self.recordTime)) != nil
    }

    private func subject(of assignment: Assignment) -> String {
        let request = assignment.request
        return link.names.begun(link.shard, request.run.id, request.node.id, request.workAttempt)
    }

    private func record(on subject: String) async throws(NATSError) -> BegunRecord? {
        guard let stored = try await link.stream.last(on: subject, of: link.names.begun) else { return nil }
        return try? BegunRecord(reading: stored.payload)
    }

    /// Takes over what an earlier start has written down of a task.
    func restoreBegun(_ assignment: Assignment, token: String) async throws(NATSError) {
        guard let record = try await record(on: subject(of: assignment)), record.id == assignment.id,
            record.token == token
        else { return }
        assignment.restore(record)
    }

    /// Drops what was written down of an assignment that has come to its end.
    func dropBegun(_ assignment: Assignment) {
        guard assignment.dropRecord() else { return }
        // Unstructured, since nobody waits for it; a record that stays is dropped by its age.
        Task { [self] in try? await link.stream.purge(subject(of: assignment), of: link.names.begun) }
    }

    /// How many workers were lost with a task, asked by one that begins it.
    ///
    /// - Parameters:
    ///   - token: Shows that it was given the task; without, nothing is written down.
    ///   - delivery: How the worker got it.
    func losses(
        _ id: String, _ run: WorkflowID, _ node: NodeID, _ attempt: Int, token: String?, delivery: String
    ) async -> Int {
        if let assignment = ledger.assignment(id), !assignment.isSought {
            if let token, assignment.accepts(token) {
                assignment.begin(delivery)
                await record(assignment)
            }
            return assignment.losses(besides: delivery)
        }
        // The run is not taken up yet, or its node's task is still looked for.
        let subject = link.names.begun(link.shard, run, node, attempt)
        guard let found = try? await record(on: subject), found.id == id, found.token == token else { return 0 }
        var record = found
        record.deliveries.insert(delivery)
        _ = await store(record, on: subject)
        return record.losses(besides: delivery)
    }
}
