import FlowCore

extension RunDriver {
    /// Has a run end that a node of this one has started, once the reason is on disk: a crash that takes the reason back
    /// must not find that run ended.
    func endChild(_ id: WorkflowID) {
        let position = planner.context.position
        // Unstructured, since nobody waits for it: it ends with the write, or when this run is left.
        Task(executorPreference: engine.executor) { [live, engine] in
            await live.wait(for: position, until: nil, deadlines: engine.deadlines)
            if live.position >= position { engine.children.cancel(id) }
        }
    }

    /// Has those runs end that nodes had started whose attempts are over without a task of this driver: it has lost them
    /// with an earlier server, or lost sight of them.
    func endLostChildren() {
        for (index, node) in planner.context.nodes.enumerated() where node.attempt != nil {
            guard node.status == .cancelled || node.status == .skipped,
                let child = planner.context.child(ofNodeAt: index)
            else { continue }
            endChild(child)
        }
    }
}
