import FlowCore
import FlowJSON

/// A node as its JSON says it, read anew so that nothing is taken from how the engine understands it.
struct NodeSpec: Sendable {
    let id: String
    let type: String
    let config: JSONObject
    let when: String?
    let needsAll: Bool
    let hasTimeout: Bool
    let backend: String?
    let maxAttempts: Int?
    /// The codes that are tried again; `nil` for those errors that say so themselves.
    let retryOn: [String]?
    let onError: OnError
    /// The nodes that have to end before, by their places in the list.
    var before: [Int] = []

    enum OnError: Sendable, Equatable {
        case fail
        case proceed
        case replace(JSONValue)
        case fallback(JSONObject)
    }

    private init(_ object: JSONObject) {
        id = object["node_id"]?.string ?? ""
        type = object["type"]?.string ?? ""
        config = object["config"]?.object ?? JSONObject()
        when = object["when"]?.string
        needsAll = object["join"]?.string == "all"
        hasTimeout = object["timeout"] != nil || object["total_timeout"] != nil
        backend = object["backend"]?.string
        maxAttempts = object["retry"].map { $0["max_attempts"]?.integer.map(Int.init) ?? 3 }
        retryOn = object["retry"]?["retry_on"]?.array?.compactMap(\.string)
        switch object["on_error"] {
        case .string("continue"): onError = .proceed
        case .object(let policy):
            if let value = policy["continue_with"] {
                onError = .replace(value)
            } else {
                onError = .fallback(policy["fallback"]?.object ?? JSONObject())
            }
        default: onError = .fail
        }
    }

    /// Whether the engine carries the node out and no backend does.
    var isControl: Bool { ["condition", "approval", "for_each", "loop"].contains(type) }

    /// What the node does when a backend executes it.
    func behaviour(isFallback: Bool) -> NodeBehaviour {
        guard isFallback, case .fallback(let other) = onError else { return NodeBehaviour(config) }
        return NodeBehaviour(other["config"]?.object ?? JSONObject())
    }

    /// The nodes of a list with what they wait for.
    static func graph(_ elements: [JSONValue]) -> (nodes: [NodeSpec], isSequence: Bool) {
        let objects = elements.compactMap(\.object)
        var nodes = objects.map(NodeSpec.init)
        let isSequence = objects.allSatisfy { $0["depends_on"] == nil }
        for index in nodes.indices {
            let names = objects[index]["depends_on"]?.array?.compactMap(\.string) ?? []
            nodes[index].before =
                isSequence
                ? (index == 0 ? [] : [index - 1]) : names.compactMap { name in nodes.firstIndex { $0.id == name } }
        }
        return (nodes, isSequence)
    }
}
