import FlowCore
import FlowJSON

/// What a worker says of itself every second.
struct RegistrationEnvelope: Hashable, Sendable {
    /// What it works on.
    struct Running: Hashable, Sendable {
        var run: String
        var node: String
        var attempt: Int
    }

    /// How many of the nodes that it works on are named.
    static let named = 100

    var worker: String
    var version: String
    var types: [String]
    var labels: [String: String]
    var slots: Int
    var busy: Int
    var running: [Running]
    var isDraining: Bool
    var startedAt: Timestamp

    /// Makes a registration.
    init(
        worker: String, version: String, types: [String], labels: [String: String], slots: Int, busy: Int,
        running: [Running], isDraining: Bool, startedAt: Timestamp
    ) {
        self.worker = worker
        self.version = version
        self.types = types
        self.labels = labels
        self.slots = slots
        self.busy = busy
        self.running = Array(running.prefix(Self.named))
        self.isDraining = isDraining
        self.startedAt = startedAt
    }

    /// The registration as JSON.
    var json: JSONObject {
        var labels = JSONObject()
        for (name, value) in self.labels.sorted(by: { $0.key < $1.key }) { labels[name] = .string(value) }
        return [
            "v": .integer(Int64(Envelope.version)), "worker": .string(worker), "version": .string(version),
            "types": .array(types.map { .string($0) }), "labels": .object(labels), "slots": .integer(Int64(slots)),
            "busy": .integer(Int64(busy)),
            "running": .array(
                running.map {
                    ["run": .string($0.run), "node": .string($0.node), "attempt": .integer(Int64($0.attempt))]
                }),
            "draining": .bool(isDraining), "started_at": .string(startedAt.description),
        ]
    }

    /// Reads a registration.
    init(reading bytes: [UInt8]) throws(Envelope.Refusal) {
        self = try Envelope.read(bytes) { fields, _ in RegistrationEnvelope(&fields) }
    }

    private init?(_ fields: inout FieldReader) {
        for name in ["worker", "types", "slots", "busy"] { fields.require(name) }
        let worker = fields.text("worker")
        version = fields.text("version") ?? ""
        types = fields.texts("types") ?? []
        labels = fields.textMap("labels") ?? [:]
        let slots = fields.integer("slots", in: 0...1_000_000)
        let busy = fields.integer("busy", in: 0...1_000_000)
        running = (fields.array("running") ?? []).prefix(Self.named).compactMap { element in
            guard let run = element["run"]?.string, let node = element["node"]?.string,
                let attempt = element["attempt"]?.integer
            else { return nil }
            return Running(run: run, node: node, attempt: Int(clamping: attempt))
        }
        isDraining = fields.bool("draining") ?? false
        startedAt =
            fields.value("started_at", expected: "a time") { $0.string.flatMap { Timestamp($0) } }
            ?? Timestamp(milliseconds: 0)
        guard let worker, let slots, let busy else { return nil }
        self.worker = worker
        self.slots = slots
        self.busy = busy
    }
}
