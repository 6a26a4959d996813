import FlowCore
import FlowJSON
import Testing

@Suite("runs that nodes start, planned", .timeLimit(.minutes(1)))
struct ChildPlanningTests {
    @Test("a node that could not follow the run that it started finds the same one again")
    func sameChild() throws {
        var harness = try PlannerHarness([
            "name": "w",
            "nodes": [
                [
                    "node_id": "sub", "type": "workflow", "config": ["definition": "d"],
                    "retry": ["max_attempts": 3, "initial_delay": 0],
                ]
            ],
        ])
        StoppingTests.fill(&harness)
        harness.record(.nodeStarted("sub", attempt: 1, backend: .native, input: nil))
        let first = harness.planner.context.child(ofNodeAt: 0)
        harness.fail("sub", .transport(BackendError(.unavailable, backend: .native, "not now")))
        harness.now = harness.now.advanced(by: .seconds(60))
        #expect(harness.planner.next(now: harness.now) == .startNode("sub", attempt: 2))
        harness.record(.nodeStarted("sub", attempt: 2, backend: .native, input: nil))
        #expect(harness.planner.context.child(ofNodeAt: 0) == first)
        harness.fail("sub", NodeFailure(.timeout, "slow", retriable: true))
        harness.now = harness.now.advanced(by: .seconds(60))
        harness.record(.nodeStarted("sub", attempt: 3, backend: .native, input: nil))
        #expect(harness.planner.context.child(ofNodeAt: 0) != first)
    }
}
