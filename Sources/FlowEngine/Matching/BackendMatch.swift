public import FlowCore
public import FlowJSON

/// Whether a backend can run a workflow.
public struct BackendMatch: Sendable {
    /// The backend.
    public let backend: BackendName
    /// Everything that keeps the backend from it, each with a code; empty when it can.
    public let unmet: [ValidationIssue]
    /// How the backend is.
    public let health: BackendHealth
    /// What else is known of how it is.
    public let healthDetails: JSONObject

    /// Whether the backend can run it.
    public var isAccepted: Bool { unmet.isEmpty }

    /// Whether nothing but its health keeps the backend from it.
    var isOnlyUnhealthy: Bool { !unmet.isEmpty && unmet.allSatisfy { $0.code == .unhealthy } }
}

extension [BackendMatch] {
    /// The matches with the best first: those that can run the workflow, then those that could if they were healthy, then
    /// the others, those with fewer unmet needs before those with more; what is equal stays in the order of registration.
    func ranked() -> [BackendMatch] {
        func group(_ match: BackendMatch) -> Int { match.isAccepted ? 0 : match.isOnlyUnhealthy ? 1 : 2 }
        let order = enumerated().sorted { left, right in
            (group(left.element), left.element.unmet.count, left.offset)
                < (group(right.element), right.element.unmet.count, right.offset)
        }
        return order.map(\.element)
    }
}

/// The backend of a run, and why it is that one.
struct ChosenBackend: Sendable {
    /// The backend.
    let backend: BackendName
    /// Why the server chose it, as the run shows it; `nil` when it was named.
    let explanation: JSONObject?
}
