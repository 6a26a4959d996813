import FlowCore
import FlowJSON

/// Draws the runs of a simulation.
///
/// A workflow is a shape with nodes in it, and then features that are laid over it, each by a function of its own: to
/// have another part of the workflow language simulated, add one, and what it means to ``RunReplay``.
struct WorkloadGenerator: Sendable {
    var generator: SeededGenerator

    /// The definitions that are stored, by their names.
    private(set) var definitions: [DefinitionName: JSONObject] = [:]
    private var names: [DefinitionName] = []

    init(generator: SeededGenerator) { self.generator = generator }

    mutating func workload() -> [RunPlan] {
        if generator.chance(35) { (1...generator.number(1...2)).forEach { define($0) } }
        let count = generator.chance(40) ? 1 : generator.number(2...4)
        return (1...count).map { run($0) }
    }

    /// Draws a definition, whose nodes may run those before it.
    private mutating func define(_ number: Int) {
        var draft = WorkflowDraft(shape: &generator, isSmall: true)
        draft.addWork(&generator)
        draft.addFailures(&generator)
        draft.addRetries(&generator)
        draft.addErrorPolicies(&generator)
        draft.addChildren(of: names, &generator)
        draft.addQuestions(&generator)
        let name = DefinitionName("library-\(number)")
        var document: JSONObject = ["name": .string(name.rawValue), "nodes": .array(draft.json)]
        if generator.chance(10) { document["timeout"] = .string("\(generator.number(1...4000))ms") }
        definitions[name] = document
        names.append(name)
    }

    private mutating func run(_ number: Int) -> RunPlan {
        let items = (0..<generator.number(0...4)).map { _ -> JSONValue in
            ["value": .integer(Int64(generator.number(0...99)))]
        }
        var plan = RunPlan(
            number: number, workflow: workflow(number),
            input: [
                "run": .integer(Int64(number)), "value": .integer(Int64(generator.number(0...999))),
                "items": .array(items),
            ],
            submitAfter: generator.number(0...60))
        if generator.chance(40) { plan.key = "key-\(number)" }
        if generator.chance(40) { plan.id = WorkflowID("run-\(number)") }
        plan.readers = generator.chance(60) ? generator.number(1...2) : 0
        plan.pollers = generator.chance(50) ? 1 : 0
        plan.hasHook = generator.chance(30)
        if generator.chance(25) { plan.rerun = rerun(of: plan) }
        return plan
    }

    private mutating func rerun(of plan: RunPlan) -> RunPlan.Rerun {
        var rerun = RunPlan.Rerun()
        let names = (plan.workflow["nodes"]?.array ?? []).compactMap { $0["node_id"]?.string }
        if generator.chance(80) { rerun.from = generator.pick(names).map { NodeID($0) } }
        if generator.chance(40), var input = plan.input.object {
            input["value"] = .integer(Int64(generator.number(0...999)))
            rerun.input = .object(input)
        }
        return rerun
    }

    /// A workflow as JSON.
    private mutating func workflow(_ number: Int) -> JSONValue {
        var draft = WorkflowDraft(shape: &generator)
        draft.addWork(&generator)
        draft.addFailures(&generator)
        draft.addTimeouts(&generator)
        draft.addRetries(&generator)
        draft.addErrorPolicies(&generator)
        draft.addConditions(&generator)
        draft.addBodies(of: names, &generator)
        draft.addChildren(of: names, &generator)
        draft.addQuestions(&generator)
        draft.addBackends(&generator)
        var workflow: JSONObject = ["name": .string("workflow-\(number)"), "nodes": .array(draft.json)]
        if generator.chance(10) { workflow["timeout"] = .string("\(generator.number(1...4000))ms") }
        if generator.chance(25) { workflow["max_parallel"] = .integer(Int64(generator.number(1...3))) }
        return .object(workflow)
    }
}
