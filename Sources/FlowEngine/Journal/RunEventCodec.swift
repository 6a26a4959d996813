public import FlowCore
import FlowJSON

/// The form in which events lie in the journal: a JSON array of arrays, each a code, a time in milliseconds and what
/// the kind of event needs. Positions follow from the batch's first.
///
/// The codes are part of the stored format: one that has been released keeps its meaning for ever.
public enum RunEventCodec {
    /// The text of a batch.
    public static func encode(_ events: [RunEvent]) -> [UInt8] {
        var writer = JSONWriter(capacity: 96 * events.count + 128)
        writer.beginArray()
        for event in events { append(event, to: &writer) }
        writer.endArray()
        return writer.bytes
    }

    /// The events of a batch whose first has the position `first`.
    ///
    /// - Throws: ``JournalError/Code/corrupt`` when the text is not what ``encode(_:)`` writes.
    public static func decode(_ bytes: [UInt8], first: Int) throws(JournalError) -> [RunEvent] {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, limits: JSONLimits(depth: .max, values: .max))
        } catch {
            throw JournalError(.corrupt, "events from position \(first): \(error)")
        }
        guard let elements = value.array else {
            throw JournalError(.corrupt, "events from position \(first): no array")
        }
        var events: [RunEvent] = []
        events.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let position = first + index
            guard let fields = element.array, let code = fields.first?.string,
                let time = element[1]?.integer, let kind = kind(code, Fields(fields))
            else { throw JournalError(.corrupt, "event \(position) cannot be understood") }
            events.append(RunEvent(position: position, time: Timestamp(milliseconds: time), kind: kind))
        }
        return events
    }

    private static func append(_ event: RunEvent, to writer: inout JSONWriter) {
        writer.beginArray()
        func head(_ code: String) {
            writer.string(code)
            writer.integer(event.time.milliseconds)
        }
        switch event.kind {
        case .workflowSubmitted(let submission):
            head("ws")
            submission.workflow.write(to: &writer)
            writer.value(submission.input)
            writer.string(submission.backend.rawValue)
            writer.value(.object(submission.variables))
            writer.beginObject()
            for (name, label) in submission.labels.sorted(by: { $0.key < $1.key }) {
                writer.name(name)
                writer.string(label)
            }
            writer.endObject()
            writeRest(of: submission, to: &writer)
        case .workflowStarted: head("wr")
        case .nodeStarted(let id, let attempt, let backend, let input):
            head("ns")
            writer.string(id.rawValue)
            writer.integer(attempt)
            writer.string(backend.rawValue)
            if let input { writer.value(input) }
        case .backendIdentified(let name, let identity):
            head("bi")
            writer.string(name.rawValue)
            writer.value(identity.json)
        case .backendSwitched(let id, let attempt, let change):
            head("bs")
            writer.string(id.rawValue)
            writer.integer(attempt)
            writer.string(change.from.rawValue)
            writer.string(change.to.rawValue)
            writer.string(change.code.rawValue)
            writer.string(change.reason)
        case .nodeCompleted(let id, let attempt, let output, let notes):
            head("nc")
            writer.string(id.rawValue)
            writer.integer(attempt)
            writer.value(output)
            if let notes { write(notes, to: &writer) }
        case .nodeFailed(let id, let attempt, let error, let outcome):
            head("nf")
            writer.string(id.rawValue)
            writer.integer(attempt)
            error.write(to: &writer)
            write(outcome, to: &writer)
        case .nodeSkipped(let id):
            head("nk")
            writer.string(id.rawValue)
        case .nodeInterrupted(let id, let attempt, let interrupt):
            head("ni")
            writer.string(id.rawValue)
            writer.integer(attempt)
            writer.value(interrupt.prompt)
            if let deadline = interrupt.deadline { writer.integer(deadline.milliseconds) }
        case .nodeChunk(let id, let attempt, let value):
            head("nh")
            writer.string(id.rawValue)
            writer.integer(attempt)
            writer.value(value)
        case .iterationStarted(let id, let index, let item):
            head("is")
            writer.string(id.rawValue)
            writer.integer(index)
            writer.value(item)
        case .iterationEnded(let id, let index, let outcome):
            head("ie")
            writer.string(id.rawValue)
            writer.integer(index)
            switch outcome {
            case .completed(let output):
                writer.bool(true)
                writer.value(output)
            case .failed(let failure):
                writer.bool(false)
                failure.write(to: &writer)
            }
        case .nodeCancelled(let id, let attempt):
            head("nx")
            writer.string(id.rawValue)
            writer.integer(attempt)
        case .cancelRequested(let reason):
            head("cr")
            if let reason { writer.string(reason) }
        case .workflowInterrupted: head("wi")
        case .workflowPaused: head("wp")
        case .workflowResumed: head("wu")
        case .workflowMoved(let backend):
            head("wm")
            writer.string(backend.rawValue)
        case .workflowCompleted(let output):
            head("wc")
            if let output { writer.value(output) }
        case .workflowFailed(let error):
            head("wf")
            error.write(to: &writer)
        case .workflowCancelled(let reason):
            head("wx")
            if let reason { writer.string(reason) }
        }
        writer.endArray()
    }
}
