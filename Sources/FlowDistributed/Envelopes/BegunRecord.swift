import FlowCore
import FlowJSON

/// Who has begun a task, as a server writes it down on the broker for its next start.
struct BegunRecord: Hashable, Sendable {
    /// How many deliveries are remembered.
    static let most = 1000

    /// The task's id.
    var id: String
    /// The task's token.
    var token: String
    /// The deliveries that workers have begun and not given back.
    var deliveries: Set<String>

    /// Makes a record.
    init(id: String, token: String, deliveries: Set<String>) {
        self.id = id
        self.token = token
        self.deliveries = deliveries
    }

    /// How many of the deliveries besides one came to nothing.
    func losses(besides delivery: String) -> Int { deliveries.subtracting([delivery]).count }

    /// The record as JSON text.
    var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.field("v", Envelope.version)
        writer.field("id", id)
        writer.field("token", token)
        writer.field("acks")
        writer.beginArray()
        for delivery in deliveries.sorted() { writer.string(delivery) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// Reads a record.
    init(reading bytes: [UInt8]) throws(Envelope.Refusal) {
        self = try Envelope.read(bytes) { fields, _ in
            for name in ["id", "token", "acks"] { fields.require(name) }
            guard let id = fields.text("id", maximum: 1024), let token = fields.text("token", maximum: 64) else {
                return nil
            }
            return BegunRecord(
                id: id, token: token, deliveries: Set((fields.texts("acks") ?? []).prefix(Self.most)))
        }
    }
}
