import FlowCore
import FlowJSON
import Testing

@Suite("the stopping of nodes", .timeLimit(.minutes(1)))
struct StoppingTests {
    static func each(_ config: JSONObject, _ more: JSONObject = [:], id: String = "each") -> JSONValue {
        var whole: JSONObject = ["nodes": [["node_id": "work", "type": "echo"]]]
        for member in config.members { whole[member.name] = member.value }
        var node: JSONObject = ["node_id": .string(id), "type": "for_each", "config": .object(whole)]
        for member in more.members { node[member.name] = member.value }
        return .object(node)
    }

    /// Steps until a number of nodes run, and no other decision is due.
    static func fill(_ harness: inout PlannerHarness) {
        while true {
            var copy = harness.planner
            if case .wait = copy.next(now: harness.now) { return }
            guard harness.step() else { return }
        }
    }

    @Test("a composite's fallback that runs is stopped before its run ends")
    func compositeFallback() throws {
        var harness = try PlannerHarness([
            "name": "w",
            "nodes": [
                Self.each(
                    ["items": "${5}"], ["depends_on": [], "on_error": ["fallback": ["type": "echo"]]]),
                ["node_id": "b", "type": "echo", "depends_on": []],
            ],
        ])
        Self.fill(&harness)
        #expect(harness.running.count == 2 && harness.planner.context["each"]?.usesFallback == true)
        harness.running.removeAll { $0.0 == "b" }
        harness.fail("b", NodeFailure(.failed, "no"))
        #expect(harness.planner.next(now: harness.now) == .cancelNode("each"))
        #expect(harness.planner.next(now: harness.now) == .wait(until: nil))
    }

    @Test("what runs in a body is stopped as soon as its owner's time is up")
    func bodyTimeout() throws {
        var harness = try PlannerHarness([
            "name": "w", "nodes": [Self.each(["items": [1, 2]], ["timeout": "1s"])],
        ])
        Self.fill(&harness)
        #expect(harness.running.count == 2)
        harness.now = harness.now.advanced(by: .seconds(1))
        guard case .cancelNode = harness.planner.next(now: harness.now) else {
            Issue.record("nothing is stopped")
            return
        }
    }

    @Test("what runs in a body is stopped as soon as there is no room for another iteration")
    func noRoom() throws {
        let decoded = try Workflow(decoding: ["name": "w", "nodes": [Self.each(["items": [1, 2, 3]])]])
        let context = WorkflowContext(
            id: WorkflowID("run"), graph: WorkflowGraph(decoded), submission: Submission(workflow: decoded),
            submittedAt: PlannerTests.start)
        var planner = Planner(context, limits: PlannerLimits(nodes: 2))
        var position = 1
        func record(_ kind: RunEvent.Kind) {
            position += 1
            planner.apply(RunEvent(position: position, time: PlannerTests.start, kind: kind))
        }
        record(.workflowStarted)
        record(.nodeStarted("each", attempt: 1, backend: .native, input: nil))
        #expect(planner.next(now: PlannerTests.start) == .startIteration("each", index: 0, item: 1))
        record(.iterationStarted("each", index: 0, item: 1))
        record(.nodeStarted("each[0].work", attempt: 1, backend: .native, input: nil))
        #expect(planner.next(now: PlannerTests.start) == .cancelNode("each[0].work"))
    }

    @Test("nothing begins in an iteration whose outer one has failed")
    func failingOuter() throws {
        let inner = Self.each(["items": [1, 2, 3, 4]], ["depends_on": []], id: "inner")
        var harness = try PlannerHarness([
            "name": "w", "max_parallel": 2,
            "nodes": [
                Self.each([
                    "items": [0],
                    "nodes": [["node_id": "bad", "type": "echo", "depends_on": []], inner],
                ])
            ],
        ])
        Self.fill(&harness)
        #expect(harness.running.map(\.0) == ["each[0].bad", "each[0].inner[0].work"])
        harness.running.removeFirst()
        harness.fail("each[0].bad", NodeFailure(.failed, "no"))
        #expect(harness.planner.next(now: harness.now) == .cancelNode("each[0].inner[0].work"))
        // The node is being stopped; its place stays empty.
        #expect(harness.planner.next(now: harness.now) == .wait(until: nil))
        // It completes instead.
        harness.record(.nodeCompleted("each[0].inner[0].work", attempt: 1, output: 1, notes: nil))
        harness.running = []
        harness.run()
        #expect(harness.planner.context.status == .failed)
        let second: NodeID = "each[0].inner[1].work"
        let starts = harness.events.filter { event in
            if case .nodeStarted(second, _, _, _) = event.kind { true } else { false }
        }
        #expect(starts.isEmpty)
    }
}
