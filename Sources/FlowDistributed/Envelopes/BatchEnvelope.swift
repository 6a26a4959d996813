import FlowCore
import FlowJSON

/// What came of several tasks of one server, in one message. A broker spends as much on a message with one result as on one
/// with fifty.
struct BatchEnvelope: Sendable {
    /// Who did the work.
    var worker: String
    /// The results, and why others are none: one that cannot be read does not take the others down with it.
    var results: [Result<ResultEnvelope, Envelope.Refusal>]

    /// A batch of results that are JSON text already.
    static func bytes(worker: String, _ results: [[UInt8]]) -> [UInt8] {
        var writer = JSONWriter(capacity: results.reduce(128) { $0 + $1.count + 1 })
        writer.beginObject()
        writer.field("v", Envelope.version)
        writer.field("worker", worker)
        writer.field("results")
        writer.beginArray()
        for result in results { writer.raw(result) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// Reads a batch.
    init(reading bytes: [UInt8]) throws(Envelope.Refusal) {
        self = try Envelope.read(bytes) { fields, _ in BatchEnvelope(&fields) }
    }

    private init?(_ fields: inout FieldReader) {
        for name in ["worker", "results"] { fields.require(name) }
        guard let worker = fields.text("worker"), let elements = fields.array("results") else { return nil }
        guard (1...Envelope.mostResults).contains(elements.count) else {
            fields.refuse("results", "expected 1 to \(Envelope.mostResults), found \(elements.count)")
            return nil
        }
        self.worker = worker
        results = elements.map { element in
            Result { () throws(Envelope.Refusal) in try ResultEnvelope(reading: element) }
        }
    }
}
