import FlowCore
import FlowJSON

/// Stands for a backend that is not registered, so that a run of it can be ended; it executes nothing.
struct AbsentBackend: Backend {
    let name: BackendName
    let type = "absent"
    let capabilities = BackendCapabilities(streaming: false, parallel: false, async: false, distributed: false)
    let nodeTypes: [NodeTypeDescription] = []

    func validate(_ node: Node) -> [ValidationIssue] { [ValidationIssue([], "the backend is not registered")] }

    func executeNode(_ request: NodeRequest) throws(BackendError) -> NodeResult {
        throw BackendError(.unavailable, backend: name, "the backend is not registered")
    }
}
