import FlowJSON

/// What becomes of a run when a node's attempts are used up.
enum ErrorPolicy: Sendable {
    /// The node's workflow, or the iteration that it is in, fails with it.
    case fail
    /// What follows goes on as if the node had the output `null`. The node stays failed.
    case proceed
    /// The node is completed with this output instead.
    case replace(CompiledTemplate)
    /// Another node is tried in its place, once.
    case fallback(Node)
}

extension FieldReader {
    /// The policy under `on_error`: `"fail"`, `"continue"`, `{"continue_with": value}` or
    /// `{"fallback": {"type": …, "config": {…}}}`.
    mutating func errorPolicy(for id: NodeID) -> ErrorPolicy? {
        guard let value = value("on_error") else { return nil }
        let place = pointer("on_error")
        switch value {
        case .string("fail"): return .fail
        case .string("continue"): return .proceed
        case .object(let object):
            var inner = FieldReader(object, at: place)
            let replacement = inner.template("continue_with")
            let fallback = inner.object("fallback")
            if (replacement == nil) == (fallback == nil) {
                inner.add(ValidationIssue(place, "expected one of \"continue_with\" and \"fallback\""))
            }
            var policy: ErrorPolicy? = replacement.map { .replace($0) }
            if let fallback {
                var fields = FieldReader(fallback, at: place.appending("fallback"))
                fields.require("type")
                let type = fields.text("type", maximum: 128)
                let config = fields.object("config") ?? JSONObject()
                if let type, ControlType(rawValue: type) != nil {
                    fields.refuse("type", "a fallback is a node of its own kind, not one that directs others")
                }
                let template = fields.configTemplate(config)
                inner.add(fields.finish())
                if let type {
                    var node = Node(id: id, type: type, config: config)
                    if let template { node.rules = NodeRules(config: template) }
                    policy = .fallback(node)
                }
            }
            add(inner.finish())
            return policy
        default:
            refuse(
                "on_error",
                "expected \"fail\", \"continue\", {\"continue_with\": value} or {\"fallback\": {\"type\": …}}, found "
                    + Self.excerpt(value))
            return nil
        }
    }
}
