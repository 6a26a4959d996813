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
            // These are optional: one that is absent is null when another follows.
            if let trace = submission.traceparent {
                writer.string(trace)
            } else if submission.definition != nil {
                writer.null()
            }
            if let definition = submission.definition { writer.string(definition.description) }
        case .workflowStarted: head("wr")
        case .nodeStarted(let id, let attempt, let backend, let input):
            head("ns")
            writer.string(id.rawValue)
            writer.integer(attempt)
            writer.string(backend.rawValue)
            if let input { writer.value(input) }
        case .nodeCompleted(let id, let attempt, let output):
            head("nc")
            writer.string(id.rawValue)
            writer.integer(attempt)
            writer.value(output)
        case .nodeFailed(let id, let attempt, let error, let isFinal):
            head("nf")
            writer.string(id.rawValue)
            writer.integer(attempt)
            error.write(to: &writer)
            writer.bool(isFinal)
        case .nodeCancelled(let id, let attempt):
            head("nx")
            writer.string(id.rawValue)
            writer.integer(attempt)
        case .cancelRequested(let reason):
            head("cr")
            if let reason { writer.string(reason) }
        case .workflowCompleted: head("wc")
        case .workflowFailed(let error):
            head("wf")
            error.write(to: &writer)
        case .workflowCancelled(let reason):
            head("wx")
            if let reason { writer.string(reason) }
        }
        writer.endArray()
    }

    /// The positional fields behind code and time.
    private struct Fields {
        let values: [JSONValue]

        init(_ values: [JSONValue]) { self.values = values }

        subscript(index: Int) -> JSONValue? {
            guard index + 2 < values.count else { return nil }
            return values[index + 2]
        }
        func text(_ index: Int) -> String? { self[index]?.string }
        func node() -> NodeID? { text(0).map { NodeID($0) } }
        func attempt() -> Int? { self[1]?.integer.flatMap { Int(exactly: $0) } }
    }

    private static func kind(_ code: String, _ fields: Fields) -> RunEvent.Kind? {
        switch code {
        case "ws": return submission(fields).map { .workflowSubmitted($0) }
        case "wr": return .workflowStarted
        case "ns":
            guard let id = fields.node(), let attempt = fields.attempt(), let backend = fields.text(2) else {
                return nil
            }
            return .nodeStarted(id, attempt: attempt, backend: BackendName(backend), input: fields[3])
        case "nc":
            guard let id = fields.node(), let attempt = fields.attempt(), let output = fields[2] else { return nil }
            return .nodeCompleted(id, attempt: attempt, output: output)
        case "nf":
            guard let id = fields.node(), let attempt = fields.attempt(), let isFinal = fields[3]?.bool,
                let error = fields[2].flatMap(NodeFailure.init(decoding:))
            else { return nil }
            return .nodeFailed(id, attempt: attempt, error: error, isFinal: isFinal)
        case "nx":
            guard let id = fields.node(), let attempt = fields.attempt() else { return nil }
            return .nodeCancelled(id, attempt: attempt)
        case "cr": return .cancelRequested(reason: fields.text(0))
        case "wc": return .workflowCompleted
        case "wf": return fields[0].flatMap(NodeFailure.init(decoding:)).map { .workflowFailed($0) }
        case "wx": return .workflowCancelled(reason: fields.text(0))
        default: return nil
        }
    }

    private static func submission(_ fields: Fields) -> Submission? {
        // What was accepted once stays readable, whatever today's limits are.
        let limits = WorkflowLimits(nodes: .max, maxParallel: .max)
        guard let definition = fields[0], let workflow = try? Workflow(decoding: definition, limits: limits),
            let input = fields[1], let backend = fields.text(2), let variables = fields[3]?.object,
            let labels = fields[4]?.object
        else { return nil }
        var texts: [String: String] = [:]
        for member in labels.members { texts[member.name] = member.value.string }
        return Submission(
            workflow: workflow, input: input, backend: BackendName(backend), variables: variables, labels: texts,
            traceparent: fields.text(5), definition: fields.text(6).flatMap(DefinitionID.init(checking:)))
    }
}
