import FlowCore
import FlowJSON

/// The queue of the nodes that the same workers can take, and as soon: those of one type, set of labels and priority.
struct QueueName: Hashable, Sendable {
    /// The node type.
    let type: String
    /// The labels that a worker has to have.
    let labels: [String: String]
    /// How soon its nodes are taken.
    let priority: Placement.Priority

    /// The name, which the queue's consumer has too.
    let rawValue: String

    /// The queue of nodes of a type.
    init(type: String, placement: Placement? = nil) {
        self.type = type
        labels = placement?.labels ?? [:]
        priority = placement?.priority ?? .normal
        var name = "type_" + Names.token(type)
        if !labels.isEmpty { name += "_at_" + Self.digest(labels) }
        if priority != .normal { name += "_" + priority.rawValue }
        rawValue = name
    }

    /// A short text that differs for other labels: FNV-1a with 64 bits.
    private static func digest(_ labels: [String: String]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            for byte in "\(name)=\(value)\n".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        return String(hash, radix: 36)
    }

    /// What is kept with the consumer, by which workers know what the queue holds.
    var metadata: JSONObject {
        var object = JSONObject()
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
        return [
            "flowcore_type": .string(type), "flowcore_priority": .string(priority.rawValue),
            "flowcore_labels": .string("\(JSONValue.object(object))"),
        ]
    }

    /// The queue of a consumer; `nil` when it is none of ours.
    init?(consumer: JSONValue) {
        let metadata = consumer["config"]?["metadata"]
        guard let type = metadata?["flowcore_type"]?.string,
            let priority = metadata?["flowcore_priority"]?.string.flatMap(Placement.Priority.init(rawValue:)),
            let text = metadata?["flowcore_labels"]?.string, let object = (try? JSONParser.parse(text))?.object
        else { return nil }
        var labels: [String: String] = [:]
        for member in object.members { labels[member.name] = member.value.string }
        self.init(type: type, placement: Placement(labels: labels, priority: priority))
        guard consumer["name"]?.string == rawValue else { return nil }
    }

    /// Whether a worker may take its nodes.
    func isFor(types: Set<String>, labels: [String: String]) -> Bool {
        types.contains(type) && self.labels.allSatisfy { labels[$0.key] == $0.value }
    }

    /// Whether its nodes are taken before those of another one.
    static func precedes(_ left: QueueName, _ right: QueueName) -> Bool {
        let order = Placement.Priority.allCases
        let (first, second) = (order.firstIndex(of: left.priority) ?? 0, order.firstIndex(of: right.priority) ?? 0)
        return first == second ? left.rawValue < right.rawValue : first > second
    }
}
