import FlowCore
import FlowJSON

/// One attempt at a node, as a worker gets it.
struct TaskEnvelope: Hashable, Sendable {
    /// The attempt's name, the same whenever it is sent: `<run>.<node>.<attempt>`.
    var id: String
    /// What only those know who were given the task; its result has to repeat it.
    var token: String
    /// The server that waits for the result.
    var shard: String
    var run: WorkflowID
    var node: NodeID
    var attempt: Int
    var type: String
    var config: JSONObject
    var input: Payload
    var workflow: Workflow
    /// How long the attempt may take, in milliseconds. It is no point in time, since clocks differ.
    var timeout: Int?
    var traceparent: String?
    /// How often a worker says that it still works on it, in milliseconds.
    var heartbeat: Int
    /// How many times it may be delivered before it is taken to be what ends its workers.
    var maxDeliveries: Int

    /// What the node may know of its run.
    struct Workflow: Hashable, Sendable {
        var name: String
        var version: String?
        var backend: BackendName
        var variables: JSONObject
        var submittedAt: Timestamp
    }

    /// The node as a backend takes it.
    var definition: Node { Node(id: node, type: type, config: config) }

    /// The name of an attempt.
    static func id(_ run: WorkflowID, _ node: NodeID, _ attempt: Int) -> String { "\(run).\(node).\(attempt)" }

    /// The task as JSON text.
    var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 768)
        writer.beginObject()
        writer.field("v", Envelope.version)
        writer.field("id", id)
        writer.field("token", token)
        writer.field("shard", shard)
        writer.field("run", run.rawValue)
        writer.field("node", node.rawValue)
        writer.field("attempt", attempt)
        writer.field("type", type)
        writer.field("config", .object(config))
        input.write("input", to: &writer)
        writer.field("workflow")
        writer.beginObject()
        writer.field("name", workflow.name)
        if let version = workflow.version { writer.field("version", version) }
        writer.field("backend", workflow.backend.rawValue)
        writer.field("variables", .object(workflow.variables))
        writer.field("submitted_at", workflow.submittedAt.description)
        writer.endObject()
        if let timeout { writer.field("timeout_ms", timeout) }
        if let traceparent { writer.field("traceparent", traceparent) }
        writer.field("heartbeat_ms", heartbeat)
        writer.field("max_deliveries", maxDeliveries)
        writer.endObject()
        return writer.bytes
    }

    /// Reads a task.
    init(reading bytes: [UInt8]) throws(Envelope.Refusal) {
        self = try Envelope.read(bytes) { fields, _ in TaskEnvelope(&fields) }
    }

    /// Reads a task of a run of which others came before.
    init(reading bytes: [UInt8], recent: RecentMembers<Workflow>) throws(Envelope.Refusal) {
        let known = recent.known
        var recall: JSONRecall? = recent.recall(known)
        self = try Envelope.read(bytes, recall: &recall) { fields, _, recall in
            TaskEnvelope(&fields, workflow: known.value(of: recall))
        }
        recent.add(recall, workflow)
    }

    private init?(_ fields: inout FieldReader, workflow known: Workflow? = nil) {
        for name in ["id", "token", "shard", "run", "node", "attempt", "type", "workflow", "heartbeat_ms"] {
            fields.require(name)
        }
        let id = fields.text("id", maximum: 1024)
        let token = fields.text("token", maximum: 64)
        let shard = fields.text("shard", maximum: 128)
        let run = fields.value("run", expected: "a run's id") { $0.string.flatMap(WorkflowID.init(checking:)) }
        let node = fields.text("node", maximum: 1024).map { NodeID($0) }
        let attempt = fields.integer("attempt", in: 1...Int(Int32.max))
        let type = fields.text("type", maximum: 128)
        let config = fields.object("config") ?? JSONObject()
        let input = Payload.read("input", &fields) ?? .inline(.null)
        let document = fields.object("workflow")
        let workflow = known ?? document.flatMap { Self.workflow($0, &fields) }
        timeout = fields.integer("timeout_ms", in: 1...Int(Int32.max))
        // Earlier servers send it. It says nothing to who has another clock, and the task is taken back when its time is up.
        _ = fields.value("deadline", expected: "a time") { $0.string.flatMap { Timestamp($0) } }
        traceparent = fields.text("traceparent")
        let heartbeat = fields.integer("heartbeat_ms", in: 1...Int(Int32.max))
        maxDeliveries = fields.integer("max_deliveries", in: 1...1000) ?? 5
        guard let id, let token, let shard, let run, let node, let attempt, let type, let workflow, let heartbeat else {
            return nil
        }
        if id != Self.id(run, node, attempt) { fields.refuse("id", "it is not that of the run, node and attempt") }
        self.id = id
        self.token = token
        self.shard = shard
        self.run = run
        self.node = node
        self.attempt = attempt
        self.type = type
        self.config = config
        self.input = input
        self.workflow = workflow
        self.heartbeat = heartbeat
    }

    private static func workflow(_ object: JSONObject, _ outer: inout FieldReader) -> Workflow? {
        var fields = FieldReader(object, at: ["workflow"])
        fields.require("name")
        fields.require("backend")
        fields.require("submitted_at")
        let name = fields.text("name")
        let version = fields.text("version")
        let backend = fields.backend("backend")
        let variables = fields.object("variables") ?? JSONObject()
        let submitted = fields.value("submitted_at", expected: "a time") { $0.string.flatMap { Timestamp($0) } }
        outer.add(fields.finish())
        guard let name, let backend, let submitted else { return nil }
        return Workflow(
            name: name, version: version, backend: backend, variables: variables, submittedAt: submitted)
    }

    /// Makes the task of a request.
    init(
        _ request: NodeRequest, attempt: Int, token: String, shard: String, input: Payload, timeout: Int?,
        heartbeat: Int, maxDeliveries: Int
    ) {
        id = Self.id(request.run.id, request.node.id, attempt)
        self.token = token
        self.shard = shard
        run = request.run.id
        node = request.node.id
        self.attempt = attempt
        type = request.node.type
        config = request.node.config
        self.input = input
        workflow = Workflow(
            name: request.run.name, version: request.run.version, backend: request.run.backend,
            variables: request.run.variables, submittedAt: request.run.submittedAt)
        self.timeout = timeout
        traceparent = request.traceparent
        self.heartbeat = heartbeat
        self.maxDeliveries = maxDeliveries
    }
}
