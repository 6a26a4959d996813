import FlowCore
import FlowJSON

/// Nodes that run a stored definition.
extension RunReplay {
    /// A run that a node has started, or was about to.
    struct ChildLink {
        let node: NodeID
        let input: JSONValue
        let definition: String
        /// When the node had no use for it any more, although it had not ended for all that the node knows.
        var givenUpAt: Timestamp?
    }

    /// Takes note of the run that an attempt starts: one for each attempt that has not been lost.
    mutating func startChild(_ id: NodeID) {
        guard let node = nodes[id], node.type == "workflow" else { return }
        let child = WorkflowID.child(of: facts.id, node: id, number: node.ownFailures)
        nodes[id]?.child = child
        guard children[child] == nil else { return }
        let definition = node.spec.config["definition"]?.string ?? ""
        children[child] = ChildLink(node: id, input: node.input, definition: definition)
    }

    /// Takes note that a node waits no longer for the run that it has started.
    mutating func giveUpChild(of id: NodeID) {
        guard let child = nodes[id]?.child else { return }
        nodes[id]?.child = nil
        if children[child]?.givenUpAt == nil { children[child]?.givenUpAt = time }
    }

    /// Takes note that nothing of the run waits for anything any more.
    mutating func giveUpChildren() {
        for (id, node) in nodes where node.child != nil && !node.isSettled { giveUpChild(of: id) }
    }

    /// What a node has of the run that it started.
    func childOutput(of node: NodeState) -> [JSONValue] {
        guard let child = node.child.flatMap(facts.run), child.status == .completed else { return [] }
        return [child.output ?? .null]
    }

    /// Why a node's run lets the node fail, when it does.
    func childFailure(of node: NodeState) -> NodeFailure? {
        guard let child = node.child.flatMap(facts.run), [.failed, .cancelled].contains(child.status) else {
            return nil
        }
        let details: JSONObject = [
            "workflow_id": .string(child.id.rawValue), "status": .string(child.status.rawValue),
            "error": child.error?.json ?? .null,
        ]
        let isRetriable = child.error?.retriable ?? false
        return NodeFailure(.childFailed, "", retriable: isRetriable, details: .object(details))
    }

    /// Compares what a node says of its run with that run.
    mutating func checkChild(_ id: NodeID, _ notes: CompletionNotes?) {
        guard let node = nodes[id], let child = node.child.flatMap(facts.run) else { return }
        if let end = child.completedAt, end > time { wrong("\(id) ends before the run that it started") }
        if let notes, notes.metadata["workflow_id"]?.string != child.id.rawValue {
            wrong("\(id) tells of another run than \(child.id)")
        }
    }

    /// Compares how a node says that its run failed with that run.
    mutating func checkChild(_ id: NodeID, _ error: NodeFailure) {
        guard error.code == .childFailed, let node = nodes[id], let expected = childFailure(of: node) else { return }
        if error.details != expected.details || error.retriable != expected.retriable {
            wrong("\(id) tells otherwise of its run than that ended")
        }
    }
}
