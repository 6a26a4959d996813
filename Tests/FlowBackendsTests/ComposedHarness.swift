import FlowBackends
import FlowCore
import FlowJSON
import FlowTesting

/// Requests and results for backends that are tested by themselves.
enum Composed {
    static let done = NodeResult.success(output: "done")

    static func request(
        _ id: String = "a", type: String = "t", deadline: Timestamp? = nil, clock: any WallClock = ManualClock(),
        emit: @escaping @Sendable (JSONValue) -> Void = { _ in }
    ) -> NodeRequest {
        let node = Node(id: NodeID(id), type: type)
        let workflow = Workflow(name: "w", nodes: [node])
        let context = WorkflowContext(
            id: WorkflowID("run"), graph: WorkflowGraph(workflow), submission: Submission(workflow: workflow),
            submittedAt: Timestamp(milliseconds: 0))
        return NodeRequest(
            node: node, input: .null, attempt: 1, run: RunInformation(context), deadline: deadline, clock: clock,
            emit: emit)
    }

    /// The result of an attempt, or the error of the backend.
    static func execute(_ backend: any Backend, _ request: NodeRequest) async -> Result<NodeResult, BackendError> {
        do throws(BackendError) { return .success(try await backend.executeNode(request)) } catch {
            return .failure(error)
        }
    }
}

extension Result where Failure == BackendError {
    var error: BackendError? { if case .failure(let error) = self { error } else { nil } }
}
