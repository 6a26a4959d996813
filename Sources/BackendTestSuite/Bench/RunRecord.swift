import FlowCore
import FlowJSON

/// A run that the suite made, with all that happened in it.
struct RunRecord: Sendable {
    let context: WorkflowContext
    let events: [RunEvent]
    let sent: String

    /// A node of the run.
    func node(_ id: String) throws -> NodeContext {
        guard let node = context[NodeID(id)] else {
            throw ConformanceFailure(sent: sent, received: text, expected: "a run with the node \"\(id)\"")
        }
        return node
    }

    /// The output of a node that has to have completed.
    func output(_ id: String) throws -> JSONValue {
        let node = try node(id)
        guard node.status == .completed else {
            throw ConformanceFailure(sent: sent, received: text, expected: "the node \"\(id)\" completes")
        }
        return node.outputData ?? .null
    }

    /// - Throws: ``ConformanceFailure`` unless the condition holds.
    func expect(_ condition: Bool, _ expected: @autoclosure () -> String) throws {
        guard !condition else { return }
        throw ConformanceFailure(sent: sent, received: text, expected: expected())
    }

    /// - Throws: ``ConformanceFailure`` unless the run has completed.
    func expectCompleted() throws {
        try expect(context.status == .completed, "the run completes")
    }

    /// The run as people read it.
    var text: String { Self.text(context) }

    static func text(_ context: WorkflowContext) -> String {
        var text = "run \(context.status.rawValue)"
        if let error = context.error { text += " (\(error.code): \(error.message))" }
        for node in context.nodes.prefix(12) {
            text += "; \(node.id) \(node.status.rawValue)"
            if let attempt = node.attempt, attempt.number > 1 { text += " in attempt \(attempt.number)" }
            if let error = node.attempt?.error { text += " (\(error.code): \(error.message))" }
            if let output = node.outputData { text += " with \(ConformanceFailure.excerpt(output.description, 200))" }
        }
        return ConformanceFailure.excerpt(text, 1500)
    }

    /// The parts of results that nodes handed out, in order.
    var chunks: [JSONValue] {
        events.compactMap { event in
            if case .nodeChunk(_, _, let value) = event.kind { value } else { nil }
        }
    }
}
