public import FlowJSON

/// A backend whose nodes are executed by workers that come and go.
public protocol WorkerHost: Backend {
    /// The workers that are known, in the order of their names: how they are and what they do.
    var workers: [JSONObject] { get }
}
