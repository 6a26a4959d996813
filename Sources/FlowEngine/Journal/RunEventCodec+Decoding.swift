import FlowCore
import FlowJSON

extension RunEventCodec {
    /// The positional fields behind code and time.
    struct Fields {
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

    static func kind(_ code: String, _ fields: Fields) -> RunEvent.Kind? {
        switch code {
        case "ws": return submission(fields).map { .workflowSubmitted($0) }
        case "wr": return .workflowStarted
        case "ns":
            guard let id = fields.node(), let attempt = fields.attempt(), let backend = fields.text(2) else {
                return nil
            }
            return .nodeStarted(id, attempt: attempt, backend: BackendName(backend), input: fields[3])
        case "bi":
            guard let name = fields.text(0), let identity = fields[1].flatMap(BackendIdentity.init) else { return nil }
            return .backendIdentified(BackendName(name), identity)
        case "bs":
            guard let id = fields.node(), let attempt = fields.attempt(), let from = fields.text(2),
                let to = fields.text(3), let code = fields.text(4).flatMap(BackendError.Code.init(rawValue:)),
                let reason = fields.text(5)
            else { return nil }
            return .backendSwitched(
                id, attempt: attempt,
                BackendSwitch(from: BackendName(from), to: BackendName(to), code: code, reason: reason))
        case "nc":
            guard let id = fields.node(), let attempt = fields.attempt(), let output = fields[2] else { return nil }
            return .nodeCompleted(id, attempt: attempt, output: output, notes: notes(fields[3]))
        case "nf":
            guard let id = fields.node(), let attempt = fields.attempt(), let outcome = fields[3].flatMap(outcome),
                let error = fields[2].flatMap(NodeFailure.init(decoding:))
            else { return nil }
            return .nodeFailed(id, attempt: attempt, error: error, then: outcome)
        case "nk": return fields.node().map { .nodeSkipped($0) }
        case "ni":
            guard let id = fields.node(), let attempt = fields.attempt(), let prompt = fields[2] else { return nil }
            let deadline = fields[3]?.integer.map { Timestamp(milliseconds: $0) }
            return .nodeInterrupted(id, attempt: attempt, Interrupt(prompt: prompt, deadline: deadline))
        case "nh":
            guard let id = fields.node(), let attempt = fields.attempt(), let value = fields[2] else { return nil }
            return .nodeChunk(id, attempt: attempt, value)
        case "is":
            guard let id = fields.node(), let index = fields.attempt(), let item = fields[2] else { return nil }
            return .iterationStarted(id, index: index, item: item)
        case "ie":
            guard let id = fields.node(), let index = fields.attempt(), let isCompleted = fields[2]?.bool,
                let value = fields[3]
            else { return nil }
            guard !isCompleted else { return .iterationEnded(id, index: index, .completed(value)) }
            return NodeFailure(decoding: value).map { .iterationEnded(id, index: index, .failed($0)) }
        case "nx":
            guard let id = fields.node(), let attempt = fields.attempt() else { return nil }
            return .nodeCancelled(id, attempt: attempt)
        case "cr": return .cancelRequested(reason: fields.text(0))
        case "wi": return .workflowInterrupted
        case "wp": return .workflowPaused
        case "wu": return .workflowResumed
        case "wm": return fields.text(0).map { .workflowMoved(BackendName($0)) }
        case "wc": return .workflowCompleted(output: fields[0])
        case "wf": return fields[0].flatMap(NodeFailure.init(decoding:)).map { .workflowFailed($0) }
        case "wx": return .workflowCancelled(reason: fields.text(0))
        default: return nil
        }
    }

    static func submission(_ fields: Fields) -> Submission? {
        // What was accepted once stays readable, whatever today's limits are.
        let limits = WorkflowLimits(nodes: .max, maxParallel: .max, iterations: .max, depth: .max)
        guard let definition = fields[0], let workflow = try? Workflow(decoding: definition, limits: limits),
            let input = fields[1], let backend = fields.text(2), let variables = fields[3]?.object,
            let labels = fields[4]?.object
        else { return nil }
        var texts: [String: String] = [:]
        for member in labels.members { texts[member.name] = member.value.string }
        return Submission(
            workflow: workflow, input: input, backend: BackendName(backend), variables: variables, labels: texts,
            traceparent: fields.text(5), definition: fields.text(6).flatMap(DefinitionID.init(checking:)),
            origin: fields[7].flatMap { origin($0["origin"]) }, parent: fields[7].flatMap { parent($0["parent"]) },
            onCompletion: fields[7]?["on_completion"].flatMap(CompletionHook.init(stored:)),
            requires: fields[7]?["requires"]?.array?.compactMap(\.string) ?? [],
            backendChoice: fields[7]?["backend_choice"]?.object)
    }
}
