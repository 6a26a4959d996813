import FlowCore
import FlowJSON

/// The queue of the nodes that the same workers can take: those of one type.
struct QueueName: Hashable, Sendable {
    /// The node type.
    let type: String

    /// The name, which the queue's consumer has too.
    var rawValue: String { "type_" + Names.token(type) }

    /// What is kept with the consumer, by which workers know what the queue holds.
    var metadata: JSONObject { ["flowcore_type": .string(type)] }

    init(type: String) { self.type = type }

    /// The queue of a consumer; `nil` when it is none of ours.
    init?(consumer: JSONValue) {
        guard let type = consumer["config"]?["metadata"]?["flowcore_type"]?.string else { return nil }
        self.type = type
        guard consumer["name"]?.string == rawValue else { return nil }
    }
}
