import FlowJSON

/// Which workers may execute a node, and how soon, where a backend has workers.
public struct Placement: Hashable, Sendable {
    /// How soon a node is taken of those that wait.
    public enum Priority: String, Hashable, Sendable, CaseIterable {
        /// After all others.
        case low
        /// Behind those that are urgent.
        case normal
        /// Before all others.
        case high
    }

    /// The labels that a worker has to have, with their values.
    public var labels: [String: String]
    /// How soon it is taken.
    public var priority: Priority

    /// Makes a placement.
    public init(labels: [String: String] = [:], priority: Priority = .normal) {
        self.labels = labels
        self.priority = priority
    }

    /// How many labels a node may ask for.
    private static let most = 16

    /// Whether a text can be a label's name.
    public static func isLabel(_ name: String) -> Bool {
        Identifier.isWellFormed(name, maximum: 63, others: "_-./")
    }

    /// Reads the fields `worker` and `priority` of a node.
    ///
    /// - Returns: `nil` when there is neither.
    static func decode(_ fields: inout FieldReader, _ object: JSONObject) -> Placement? {
        guard object["worker"] != nil || object["priority"] != nil else { return nil }
        let labels = fields.textMap("worker") ?? [:]
        let place = fields.pointer("worker")
        if labels.count > most { fields.refuse("worker", "\(labels.count) labels are more than \(most)") }
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            if !isLabel(name) {
                fields.add(
                    ValidationIssue(
                        place.appending(name), "expected a name of 1 to 63 letters, digits, '_', '-', '.' or '/'"))
            } else if value.utf8.count > 256 {
                fields.add(ValidationIssue(place.appending(name), "expected a value of up to 256 bytes"))
            }
        }
        let priority = fields.value("priority", expected: "\"low\", \"normal\" or \"high\"") {
            $0.string.flatMap(Priority.init(rawValue:))
        }
        return Placement(labels: labels, priority: priority ?? .normal)
    }
}
