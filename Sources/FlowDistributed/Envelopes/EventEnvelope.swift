import FlowCore
import FlowJSON

/// What a worker tells a server while it works.
struct EventEnvelope: Hashable, Sendable {
    /// A task that a worker has begun.
    struct Start: Hashable, Sendable {
        var id: String
        var token: String
        /// Where the delivery is acknowledged, so that the server can hand the task to another worker.
        var acknowledgement: String
    }

    /// What is told.
    enum Kind: Hashable, Sendable {
        /// Tasks have been begun.
        case started([Start])
        /// A task is given back that was begun, since the worker ends.
        case returned(id: String, token: String, String)
        /// A part of a result; they are numbered from 1.
        case chunk(id: String, token: String, number: Int, Payload)
    }

    /// Who tells it.
    var worker: String
    var kind: Kind

    /// Makes an event.
    init(worker: String, _ kind: Kind) {
        self.worker = worker
        self.kind = kind
    }

    /// The event as JSON text.
    var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.field("v", Envelope.version)
        writer.field("worker", worker)
        switch kind {
        case .started(let tasks):
            writer.field("kind", "started")
            writer.field("tasks")
            writer.beginArray()
            for task in tasks {
                writer.beginObject()
                writer.field("id", task.id)
                writer.field("token", task.token)
                writer.field("ack", task.acknowledgement)
                writer.endObject()
            }
            writer.endArray()
        case .returned(let id, let token, let acknowledgement):
            writer.field("kind", "returned")
            writer.field("id", id)
            writer.field("token", token)
            writer.field("ack", acknowledgement)
        case .chunk(let id, let token, let number, let chunk):
            writer.field("kind", "chunk")
            writer.field("id", id)
            writer.field("token", token)
            writer.field("number", number)
            chunk.write("chunk", to: &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    /// Reads an event.
    init(reading bytes: [UInt8]) throws(Envelope.Refusal) {
        self = try Envelope.read(bytes) { fields, _ in EventEnvelope(&fields) }
    }

    private init?(_ fields: inout FieldReader) {
        fields.require("worker")
        let worker = fields.text("worker")
        let kind = fields.value("kind", expected: "\"started\", \"returned\" or \"chunk\"") {
            $0.string.flatMap { ["started", "returned", "chunk"].contains($0) ? $0 : nil }
        }
        guard let worker, let kind else { return nil }
        self.worker = worker
        if kind == "started" {
            var starts: [Start] = []
            for (index, element) in (fields.array("tasks") ?? []).enumerated() {
                guard let id = element["id"]?.string, let token = element["token"]?.string,
                    let acknowledgement = element["ack"]?.string, acknowledgement.hasPrefix("$JS.ACK.")
                else {
                    fields.refuse("tasks", "task \(index) has no id, token and ack")
                    return nil
                }
                starts.append(Start(id: id, token: token, acknowledgement: acknowledgement))
            }
            self.kind = .started(starts)
        } else {
            let id = fields.text("id", maximum: 1024)
            let token = fields.text("token", maximum: 64)
            if kind == "returned" {
                let acknowledgement = fields.text("ack", maximum: 1024)
                guard let id, let token, let acknowledgement else { return nil }
                self.kind = .returned(id: id, token: token, acknowledgement)
                return
            }
            let number = fields.integer("number", in: 1...Int(Int32.max))
            let chunk = Payload.read("chunk", &fields)
            guard let id, let token, let number, let chunk else { return nil }
            self.kind = .chunk(id: id, token: token, number: number, chunk)
        }
    }
}
