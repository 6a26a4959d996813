import FlowCore
import FlowEngine
import FlowJSON

extension FinalChecks {
    /// Compares a run that a node has started with that node.
    func compareWithParent(_ run: StoredRun, _ replays: [WorkflowID: RunReplay]) {
        guard let context = run.context, let parent = context.submission.parent else { return }
        let id = run.entry.id
        func wrong(_ message: String) { world.scheduler.report(.children, "run \(id) \(message)") }
        guard let outer = replays[parent.id], let above = world.disk.run(parent.id)?.context else {
            return wrong("was started by run \(parent.id), which is not there")
        }
        guard let link = outer.children[id], link.node == parent.node else {
            return wrong("was started by no attempt at \(parent.id)/\(parent.node)")
        }
        if parent.depth != (above.submission.parent?.depth ?? 0) + 1 { wrong("is at the depth \(parent.depth)") }
        if context.submission.input != link.input { wrong("works on \(context.submission.input), not \(link.input)") }
        compareWithDefinition(context, link.definition, wrong)
        let isWished = world.ledger.facts(of: id).isCancelWished
        if context.cancelRequestedAt != nil, !isWished, link.givenUpAt == nil {
            wrong("was to end although \(parent.id)/\(parent.node) waited for it")
        }
        if let instant = link.givenUpAt, Self.outlives(context, instant, by: world.plan.longestSilence) {
            wrong("completed long after \(parent.id)/\(parent.node) had given it up")
        }
    }

    /// Whether a run was left to itself after nobody had use for it.
    static func outlives(_ context: WorkflowContext, _ instant: Timestamp, by time: Duration) -> Bool {
        guard context.cancelRequestedAt == nil, let end = context.completedAt else { return false }
        return end > instant.advanced(by: time)
    }

    private func compareWithDefinition(_ context: WorkflowContext, _ reference: String, _ wrong: (String) -> Void) {
        guard let wanted = DefinitionReference(checking: reference), let id = context.submission.definition,
            wanted.includes(id), id.version == 1,
            let document = world.disk.definitions[id.name],
            let workflow = try? Workflow(decoding: .object(document))
        else { return wrong("is of another definition than \(reference)") }
        if context.graph.workflow != workflow { wrong("runs another workflow than \(reference) is") }
    }
}
