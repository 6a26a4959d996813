package import FlowCore

/// Finds the durable state of a run of this server; `nil` when it has none of that id.
package typealias RunLookup = @Sendable (WorkflowID) async throws -> WorkflowContext?

/// What a journal knows of an attempt.
enum AttemptRecord: Sendable {
    /// There is no such run or node.
    case unknown
    /// It has not ended.
    case open
    /// It has ended, or another piece of work has taken its place.
    case closed

    init(_ context: WorkflowContext?, _ node: NodeID, attempt: Int) {
        guard let context else {
            self = .unknown
            return
        }
        guard let context = context[node] else {
            self = context.status.isFinished ? .closed : .unknown
            return
        }
        self = context.status == .running && context.workAttempt == attempt ? .open : .closed
    }
}
