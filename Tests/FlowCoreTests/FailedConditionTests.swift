import FlowCore
import FlowJSON
import Testing

@Suite("conditions that fail", .timeLimit(.minutes(1)))
struct FailedConditionTests {
    static let workflow: JSONValue = [
        "name": "w",
        "nodes": [
            [
                "node_id": "choose", "type": "condition", "depends_on": [],
                "on_error": ["continue_with": 7],
                "config": ["routes": [["when": "input.missing", "to": "a"], ["to": "b"]]],
            ],
            ["node_id": "a", "type": "echo", "depends_on": ["choose"]],
            ["node_id": "b", "type": "echo", "depends_on": ["choose"]],
        ],
    ]

    @Test(
        "a condition whose failure is replaced leads to the same nodes before and after a crash",
        arguments: [true, false])
    func replacedCondition(crashes: Bool) throws {
        var harness = try PlannerHarness(Self.workflow)
        while harness.planner.context["choose"]?.status != .completed, harness.step() {}
        if crashes { harness.crash() }
        harness.run()
        #expect(harness.planner.context.output == ["a": 7, "b": 7])
    }

    @Test(
        "the fallback of a condition chooses nothing: every target runs, also after a crash", arguments: [true, false])
    func fallback(crashes: Bool) throws {
        var harness = try PlannerHarness([
            "name": "w",
            "nodes": [
                [
                    "node_id": "choose", "type": "condition", "depends_on": [],
                    "on_error": ["fallback": ["type": "echo", "config": ["value": 7]]],
                    "config": ["routes": [["when": "input.missing", "to": "a"], ["to": "b"]]],
                ],
                ["node_id": "a", "type": "echo", "depends_on": ["choose"]],
                ["node_id": "b", "type": "echo", "depends_on": ["choose"]],
            ],
        ])
        harness.result = { _, _, input in .success(output: input) }
        while harness.planner.context["choose"]?.status != .completed, harness.step() {}
        if crashes { harness.crash() }
        harness.run()
        #expect(harness.planner.context.output == ["a": 7, "b": 7])
        #expect(harness.planner.context.taken(from: "b") == [:])
    }

    @Test("a run from a target on asks a condition again whose failure was replaced")
    func rerun() throws {
        var harness = try PlannerHarness(Self.workflow)
        harness.run()
        let taken = try #require(harness.planner.context.taken(from: "b"))
        #expect(taken.isEmpty)
        let context = harness.planner.context
        let submission = Submission(
            workflow: context.submission.workflow, input: context.submission.input,
            origin: RunOrigin(id: context.id, from: "b", taken: taken))
        var again = PlannerHarness(
            WorkflowContext(
                id: WorkflowID("again"), graph: context.graph, submission: submission,
                submittedAt: PlannerTests.start))
        again.result = { _, _, input in .success(output: input) }
        again.run()
        #expect(again.planner.context.output == ["a": 7, "b": 7])
    }
}
