import FlowCore
import FlowJSON

/// The parts of events that few events have.
extension RunEventCodec {
    /// Writes what a submission need not have. One that is absent is null when another follows.
    static func writeRest(of submission: Submission, to writer: inout JSONWriter) {
        let more = more(of: submission)
        guard submission.traceparent != nil || submission.definition != nil || !more.isEmpty else { return }
        writer.value(submission.traceparent.map { .string($0) } ?? .null)
        guard submission.definition != nil || !more.isEmpty else { return }
        writer.value(submission.definition.map { .string($0.description) } ?? .null)
        guard !more.isEmpty else { return }
        writer.value(.object(more))
    }

    private static func more(of submission: Submission) -> JSONObject {
        var more = JSONObject()
        if let origin = submission.origin {
            var taken = JSONObject()
            for (id, node) in origin.taken.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                var fields: JSONObject = ["status": .string(node.status.rawValue)]
                if let output = node.output { fields["output"] = output }
                if let notes = node.notes { fields["notes"] = json(notes) }
                if let failure = node.failure {
                    fields["failure"] = [
                        "error": failure.error.json, "attempt": .integer(Int64(failure.attempt)),
                        "backend": .string(failure.backend.rawValue),
                    ]
                }
                taken[id.rawValue] = .object(fields)
            }
            var fields: JSONObject = ["workflow_id": .string(origin.id.rawValue), "taken": .object(taken)]
            if let from = origin.from { fields["from"] = .string(from.rawValue) }
            more["origin"] = .object(fields)
        }
        if let parent = submission.parent {
            more["parent"] = [
                "workflow_id": .string(parent.id.rawValue), "node_id": .string(parent.node.rawValue),
                "depth": .integer(Int64(parent.depth)),
            ]
        }
        if let hook = submission.onCompletion { more["on_completion"] = hook.json }
        if let choice = submission.backendChoice { more["backend_choice"] = .object(choice) }
        if !submission.requires.isEmpty { more["requires"] = .array(submission.requires.map { .string($0) }) }
        return more
    }

    static func origin(_ value: JSONValue?) -> RunOrigin? {
        guard let value, let id = value["workflow_id"]?.string, let members = value["taken"]?.object else { return nil }
        var taken: [NodeID: RunOrigin.Taken] = [:]
        for member in members.members {
            guard let status = member.value["status"]?.string.flatMap(NodeStatus.init(rawValue:)) else { continue }
            taken[NodeID(member.name)] = RunOrigin.Taken(
                status: status, output: member.value["output"], notes: notes(member.value["notes"]),
                failure: member.value["failure"].flatMap(failure))
        }
        return RunOrigin(id: WorkflowID(id), from: value["from"]?.string.map { NodeID($0) }, taken: taken)
    }

    private static func failure(_ value: JSONValue) -> RunOrigin.Taken.Failure? {
        guard let error = value["error"].flatMap(NodeFailure.init(decoding:)),
            let attempt = value["attempt"]?.integer.flatMap({ Int(exactly: $0) }),
            let backend = value["backend"]?.string
        else { return nil }
        return RunOrigin.Taken.Failure(error: error, attempt: attempt, backend: BackendName(backend))
    }

    static func parent(_ value: JSONValue?) -> RunParent? {
        guard let value, let id = value["workflow_id"]?.string, let node = value["node_id"]?.string,
            let depth = value["depth"]?.integer
        else { return nil }
        return RunParent(id: WorkflowID(id), node: NodeID(node), depth: Int(depth))
    }

    static func write(_ notes: CompletionNotes, to writer: inout JSONWriter) { writer.value(json(notes)) }

    private static func json(_ notes: CompletionNotes) -> JSONValue {
        var fields = JSONObject()
        if let next = notes.next { fields["next"] = .string(next.rawValue) }
        if !notes.metadata.isEmpty { fields["metadata"] = .object(notes.metadata) }
        return .object(fields)
    }

    static func notes(_ value: JSONValue?) -> CompletionNotes? {
        guard let value else { return nil }
        return CompletionNotes(
            next: value["next"]?.string.map { NodeID($0) }, metadata: value["metadata"]?.object ?? JSONObject())
    }

    /// Writes `true` for a failure that is the last word, else an array that begins with the outcome's name.
    static func write(_ outcome: FailureOutcome, to writer: inout JSONWriter) {
        switch outcome {
        case .failed: writer.bool(true)
        case .retry(let instant): writer.value(["retry", .integer(instant.milliseconds)])
        case .fallback: writer.value(["fallback"])
        case .tolerated: writer.value(["tolerated"])
        case .replaced(let output): writer.value(["replaced", output])
        }
    }

    static func outcome(_ value: JSONValue) -> FailureOutcome? {
        if value.bool == true { return .failed }
        switch value[0]?.string {
        case "retry": return (value[1]?.integer).map { .retry(at: Timestamp(milliseconds: $0)) }
        case "fallback": return .fallback
        case "tolerated": return .tolerated
        case "replaced": return value[1].map { .replaced($0) }
        default: return nil
        }
    }
}
