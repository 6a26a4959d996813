import FlowExpressions
import FlowJSON

/// What a node's author said beyond its type and its configuration, compiled once.
///
/// Nodes that say nothing more have no rules, and cost nothing more.
public final class NodeRules: Hashable, Sendable {
    /// When a node with several predecessors runs.
    public enum Join: String, Hashable, Sendable, CaseIterable {
        /// As soon as all have ended and at least one of them was not skipped.
        case any
        /// When all have ended and none of them was skipped.
        case all
    }

    /// The fields as they were written, by which rules are compared and written.
    let source: JSONObject
    /// The condition without which the node is skipped.
    let when: CELExpression?
    /// Which predecessors the node needs.
    let join: Join
    /// What the node works on in place of what the graph gives it.
    let input: Template?
    /// The configuration, when it holds expressions.
    let config: Template?
    /// When failed attempts are made again; `nil` leaves it to the backend and the server.
    let retry: RetryPolicy?
    /// How long all attempts together may take, the waits between them included.
    public let totalTimeout: Duration?
    /// What follows from a failure.
    let onError: ErrorPolicy
    /// What the node directs, when it is one that does.
    let control: Control?
    /// Which workers may execute it.
    let placement: Placement?

    init(
        source: JSONObject = JSONObject(), when: CELExpression? = nil, join: Join = .any, input: Template? = nil,
        config: Template? = nil, retry: RetryPolicy? = nil, totalTimeout: Duration? = nil,
        onError: ErrorPolicy = .fail, control: Control? = nil, placement: Placement? = nil
    ) {
        self.placement = placement
        self.source = source
        self.when = when
        self.join = join
        self.input = input
        self.config = config
        self.retry = retry
        self.totalTimeout = totalTimeout
        self.onError = onError
        self.control = control
    }

    /// Rules of nodes whose type and configuration are equal say the same when they were written the same.
    public static func == (left: NodeRules, right: NodeRules) -> Bool { left.source == right.source }

    /// Hashes what was written.
    public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

extension Node {
    /// What the node directs, when it is one that does.
    var control: Control? { rules?.control }

    /// Whether the planner itself carries the node out, so that no backend has to know its type.
    public var isControl: Bool { rules?.control != nil }

    /// Whether the node is a condition of which nothing is said but among what it chooses.
    package var isBareCondition: Bool {
        guard let rules, case .condition = rules.control else { return false }
        return rules.source.isEmpty
    }

    /// The nodes that a condition chooses among.
    package var conditionTargets: [NodeID] { control?.targets ?? [] }

    /// Which workers may execute the node; `nil` when its author said nothing of them.
    public var placement: Placement? { rules?.placement }

    /// The nodes in the node's body; empty when it has none.
    public var body: [Node] { rules?.control?.body?.graph.workflow.nodes ?? [] }

    /// The stored definition that a node of type `workflow` runs.
    public var childDefinition: DefinitionReference? {
        if case .workflow(let child) = rules?.control { child.definition } else { nil }
    }

    /// The node that is tried in this one's place when it fails.
    public var fallback: Node? {
        if case .fallback(let node) = rules?.onError { node } else { nil }
    }

    /// Whether the node says itself what it works on.
    public var hasOwnInput: Bool { rules?.input != nil }

    /// Whether the node's configuration holds expressions, so that what it says is known only when the node starts.
    public var hasTemplatedConfig: Bool { rules?.config != nil }

    /// The issues that are not about values which only become known when the node starts.
    ///
    /// - Parameter issues: What a backend has against the node as it was written, with pointers within the node.
    public func withoutTemplated(_ issues: [ValidationIssue]) -> [ValidationIssue] {
        guard hasTemplatedConfig else { return issues }
        return issues.filter { issue in
            guard issue.pointer.tokens.first == "config" else { return true }
            var value = JSONValue.object(config)
            for token in issue.pointer.tokens.dropFirst() {
                if case .string = value { break }
                switch token {
                case .name(let name): value = value[name] ?? .null
                case .position(let index): value = value[index] ?? .null
                }
            }
            guard case .string = value else { return true }
            return !value.holdsTemplate
        }
    }
}

extension NodeRules {
    /// Refuses what a node cannot have that does no work of its own.
    private static func refuseMeaningless(_ fields: inout FieldReader, _ object: JSONObject, _ kind: ControlType) {
        guard kind != .workflow else { return }
        for name in ["retry", "total_timeout", "backend", "worker", "priority"] where object[name] != nil {
            fields.refuse(name, "a node of type \"\(kind.rawValue)\" does no work of its own that could have one")
        }
        if kind == .condition, object["timeout"] != nil {
            fields.refuse("timeout", "a condition is decided at once")
        }
    }

    /// The fields that make rules, in their order.
    static let fields = ["when", "join", "input", "retry", "total_timeout", "on_error", "worker", "priority"]

    /// Reads what a node says beyond type and configuration.
    ///
    /// - Parameters:
    ///   - fields: The node's fields; takes the issues.
    ///   - object: The same fields as they are.
    ///   - context: What surrounds the node.
    /// - Returns: `nil` when the node says nothing more.
    static func decode(
        _ fields: inout FieldReader, _ object: JSONObject, id: NodeID?, type: String?, config: JSONObject,
        _ context: NodeDecoding
    ) -> NodeRules? {
        let kind = type.flatMap(ControlType.init(rawValue:))
        // Most nodes say nothing more.
        if kind == nil, fields.hasAskedForAll, !JSONValue.object(config).holdsTemplate { return nil }
        let when = fields.expression("when")
        let join = fields.value("join", expected: "\"any\" or \"all\"") { $0.string.flatMap(Join.init(rawValue:)) }
        let input = fields.template("input")
        var retry: RetryPolicy?
        if let policy = fields.object("retry") {
            do {
                retry = try RetryPolicy(decoding: policy, at: fields.pointer("retry"))
            } catch {
                fields.add(error.issues)
            }
        }
        let totalTimeout = fields.duration("total_timeout")
        let onError = fields.errorPolicy(for: id ?? "_")
        let placement = Placement.decode(&fields, object)
        var control: Control?
        var template: Template?
        if let kind {
            control = Control.decode(kind, config, at: fields.pointer("config"), context, &fields)
            refuseMeaningless(&fields, object, kind)
        } else {
            template = fields.configTemplate(config)
        }
        var source = JSONObject()
        for name in Self.fields { if let value = object[name] { source[name] = value } }
        guard !source.isEmpty || control != nil || template != nil else { return nil }
        return NodeRules(
            source: source, when: when, join: join ?? .any, input: input?.template, config: template, retry: retry,
            totalTimeout: totalTimeout, onError: onError ?? .fail, control: control, placement: placement)
    }
}
