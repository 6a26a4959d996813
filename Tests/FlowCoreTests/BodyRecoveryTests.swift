import FlowCore
import FlowJSON
import Testing

@Suite("bodies that fail around a crash", .timeLimit(.minutes(1)))
struct BodyRecoveryTests {
    @Test("the cause of a composite's failure is the same after a crash at any event", arguments: 0..<30)
    func causes(steps: Int) throws {
        var harness = try PlannerHarness([
            "name": "w", "nodes": [StoppingTests.each(["items": [1, 2, 3]])],
        ])
        StoppingTests.fill(&harness)
        // The second item fails while the others run.
        let second = try #require(harness.running.firstIndex { $0.0 == "each[1].work" })
        harness.running.remove(at: second)
        harness.fail("each[1].work", NodeFailure(.failed, "no"))
        for _ in 0..<steps { guard harness.step() else { break } }
        harness.crash()
        harness.run()
        #expect(harness.planner.context.status == .failed)
        #expect(harness.planner.context.error?.code == .failed, "\(String(describing: harness.planner.context.error))")
    }

    @Test("a composite whose time is up fails, also after a crash at any event", arguments: 0..<12)
    func timeouts(steps: Int) throws {
        var harness = try PlannerHarness([
            "name": "w",
            "nodes": [StoppingTests.each(["items": [1, 2], "on_item_error": "continue"], ["timeout": "1s"])],
        ])
        StoppingTests.fill(&harness)
        harness.now = harness.now.advanced(by: .seconds(1))
        for _ in 0..<steps { guard harness.step() else { break } }
        harness.crash()
        harness.run()
        #expect(harness.planner.context.error?.code == .timeout)
    }
}
