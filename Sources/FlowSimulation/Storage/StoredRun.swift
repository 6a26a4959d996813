import FlowCore
import FlowEngine

/// What the disk holds of one run.
struct StoredRun: Sendable {
    var entry: RunEntry
    /// The batches as they were handed over.
    var batches: [(first: Int, bytes: [UInt8])] = []
    /// The events of the batches, read back from their bytes.
    var events: [RunEvent] = []
    /// The fold of the events.
    var context: WorkflowContext?

    init(entry: RunEntry) { self.entry = entry }

    var lastPosition: Int { events.last?.position ?? 0 }

    /// Takes over a batch that follows on the last.
    mutating func take(_ batch: JournalBatch, bytes: [UInt8]) throws(JournalError) {
        let decoded = try RunEventCodec.decode(bytes, first: batch.firstPosition)
        batches.append((batch.firstPosition, bytes))
        entry = batch.entry
        for event in decoded {
            events.append(event)
            if context == nil {
                context = WorkflowContext(id: batch.entry.id, first: event)
            } else {
                context?.apply(event)
            }
        }
    }

    /// Goes back to where the run stood before its last batch.
    ///
    /// - Returns: false when nothing is left of it.
    mutating func loseLastBatch() -> Bool {
        guard let last = batches.popLast() else { return false }
        events.removeAll { $0.position >= last.first }
        context = nil
        for event in events {
            if context == nil { context = WorkflowContext(id: entry.id, first: event) } else { context?.apply(event) }
        }
        if let context { entry = RunEntry(context, sequence: entry.sequence) }
        return !events.isEmpty
    }
}
