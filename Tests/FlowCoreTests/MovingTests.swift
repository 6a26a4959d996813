import FlowCore
import FlowJSON
import Testing

@Suite("the moving of runs", .timeLimit(.minutes(1)))
struct MovingTests {
    @Test("a run that is moved and moved back before it has left stays where it is")
    func movedBack() throws {
        var harness = try PlannerHarness(["name": "w", "nodes": [["node_id": "a", "type": "echo"]]])
        StoppingTests.fill(&harness)
        harness.record(.workflowMoved("other"))
        harness.record(.workflowMoved(.native))
        harness.run()
        #expect(harness.planner.context.status == .completed)
    }

    @Test("items that depend on the backend stay what they were when the run is moved")
    func itemsOfBackend() throws {
        var harness = try PlannerHarness([
            "name": "w", "max_parallel": 1,
            "nodes": [StoppingTests.each(["items": "${workflow.backend == 'native' ? [1, 2, 3] : [4]}"])],
        ])
        StoppingTests.fill(&harness)
        harness.record(.nodeCompleted("each[0].work", attempt: 1, output: 1, notes: nil))
        harness.running = []
        StoppingTests.fill(&harness)
        harness.record(.nodeCompleted("each[1].work", attempt: 1, output: 2, notes: nil))
        harness.running = []
        harness.record(.workflowMoved("other"))
        harness.crash()
        harness.run()
        #expect(harness.planner.context.output == [1, 2, 3])
    }
}
