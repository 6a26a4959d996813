/// A backend that looks at nodes without waiting for anything.
public protocol InstantlyValidating: Backend {
    /// Everything that keeps the backend from taking the node, as ``Backend/validate(_:)`` has it.
    func validate(_ node: Node) -> [ValidationIssue]
}
