import FlowCore
import FlowJSON

/// What came of an attempt at a node, as a server gets it.
struct ResultEnvelope: Hashable, Sendable {
    /// How the attempt ended.
    enum Outcome: Hashable, Sendable {
        case success(output: Payload, next: NodeID?, metadata: JSONObject)
        case failure(NodeFailure)
        case interrupted(prompt: JSONValue)
    }

    /// The task's id.
    var id: String
    /// The task's token.
    var token: String
    /// Who did the work.
    var worker: String
    var run: WorkflowID
    var node: NodeID
    var attempt: Int
    /// How many parts were handed out before it.
    var chunks: Int
    var outcome: Outcome

    /// Makes the result of a task.
    init(of task: TaskEnvelope, worker: String, chunks: Int, _ outcome: Outcome) {
        id = task.id
        token = task.token
        self.worker = worker
        run = task.run
        node = task.node
        attempt = task.attempt
        self.chunks = chunks
        self.outcome = outcome
    }

    /// The result without the parts that were handed out before it, which were for an earlier start of the server.
    var alone: ResultEnvelope {
        var result = self
        result.chunks = 0
        return result
    }

    /// The result as JSON text.
    var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.field("v", Envelope.version)
        writer.field("id", id)
        writer.field("token", token)
        writer.field("worker", worker)
        writer.field("run", run.rawValue)
        writer.field("node", node.rawValue)
        writer.field("attempt", attempt)
        if chunks > 0 { writer.field("chunks", chunks) }
        switch outcome {
        case .success(let output, let next, let metadata):
            writer.field("success", true)
            output.write("output", to: &writer)
            if let next { writer.field("next_node_id", next.rawValue) }
            if !metadata.isEmpty { writer.field("metadata", .object(metadata)) }
        case .failure(let failure):
            writer.field("success", false)
            writer.field("error", failure.json)
        case .interrupted(let prompt):
            writer.field("success", true)
            writer.field("should_interrupt", true)
            writer.field("prompt", prompt)
        }
        writer.endObject()
        return writer.bytes
    }

    /// Reads a result.
    init(reading bytes: [UInt8]) throws(Envelope.Refusal) {
        self = try Envelope.read(bytes) { fields, object in ResultEnvelope(&fields, object) }
    }

    /// Reads a result that lies in another envelope.
    init(reading value: JSONValue) throws(Envelope.Refusal) {
        self = try Envelope.read(value) { fields, object in ResultEnvelope(&fields, object) }
    }

    private init?(_ fields: inout FieldReader, _ object: JSONObject) {
        for name in ["id", "token", "worker", "run", "node", "attempt", "success"] { fields.require(name) }
        let id = fields.text("id", maximum: 1024)
        let token = fields.text("token", maximum: 64)
        let worker = fields.text("worker")
        let run = fields.value("run", expected: "a run's id") { $0.string.flatMap(WorkflowID.init(checking:)) }
        let node = fields.text("node", maximum: 1024).map { NodeID($0) }
        let attempt = fields.integer("attempt", in: 1...Int(Int32.max))
        chunks = fields.integer("chunks", in: 0...Int(Int32.max)) ?? 0
        let success = fields.bool("success")
        let output = Payload.read("output", &fields)
        for name in ["error", "next_node_id", "metadata", "should_interrupt", "prompt"] { _ = fields.value(name) }
        guard let id, let token, let worker, let run, let node, let attempt, success != nil else { return nil }
        if id != TaskEnvelope.id(run, node, attempt) {
            fields.refuse("id", "it is not that of the run, node and attempt")
        }
        self.id = id
        self.token = token
        self.worker = worker
        self.run = run
        self.node = node
        self.attempt = attempt
        do {
            switch try NodeResult(decoding: .object(object)) {
            case .success(_, let notes):
                outcome = .success(
                    output: output ?? .inline(.null), next: notes?.next, metadata: notes?.metadata ?? JSONObject())
            case .failure(let failure): outcome = .failure(failure)
            case .interrupted(let prompt): outcome = .interrupted(prompt: prompt)
            }
        } catch {
            fields.add(error.issues)
            return nil
        }
    }
}
