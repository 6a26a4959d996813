import FlowCore
import FlowJSON
import Testing

@Suite("the planner", .timeLimit(.minutes(1)))
struct PlannerTests {
    static let start = Timestamp(milliseconds: 1_000_000)

    static func context(_ nodes: [(String, [String]?)], timeout: Duration? = nil) -> WorkflowContext {
        let workflow = Workflow(
            name: "test", nodes: nodes.map { Node(id: NodeID($0.0), type: "t", dependsOn: $0.1?.map { NodeID($0) }) },
            timeout: timeout)
        return WorkflowContext(
            id: WorkflowID("run"), graph: WorkflowGraph(workflow),
            submission: Submission(workflow: workflow, input: ["in": 1]),
            submittedAt: start)
    }

    static let diamond: [(String, [String]?)] = [
        ("a", nil), ("b", ["a"]), ("c", ["a"]), ("d", ["b", "c"]), ("e", ["c"]), ("f", ["d", "e"]),
    ]

    @Test("nodes without dependencies run one after the other, each on the output of the one before")
    func sequence() throws {
        var simulation = PlannerHarness(Self.context([("a", nil), ("b", nil), ("c", nil)]), seed: 1)
        while simulation.step() { #expect(simulation.running.count <= 1) }
        let context = simulation.planner.context
        #expect(context.status == .completed && context.executionPath == ["a", "b", "c"])
        #expect(context["a"]?.inputData == ["in": 1] && context["b"]?.inputData == "out of a")
        #expect(context.output == "out of c" && context.currentNodeID == "c")
    }

    @Test(
        "a node starts when all that it depends on has completed, and gets their outputs by their ids",
        arguments: 1...20)
    func graph(seed: UInt64) {
        var simulation = PlannerHarness(Self.context(Self.diamond), seed: seed)
        while simulation.step() {}
        let context = simulation.planner.context
        #expect(context.status == .completed && context.output == "out of f")
        #expect(context["d"]?.inputData == ["b": "out of b", "c": "out of c"])
        var done: Set<NodeID> = []
        for event in simulation.events {
            switch event.kind {
            case .nodeStarted(let id, _, _, _):
                let node = Self.diamond.first { $0.0 == id.rawValue }
                #expect((node?.1 ?? []).allSatisfy { done.contains(NodeID($0)) })
            case .nodeCompleted(let id, _, _, _): done.insert(id)
            default: break
            }
        }
    }

    @Test("no more nodes run at the same time than may", arguments: 1...5)
    func parallel(limit: Int) {
        let nodes: [(String, [String]?)] = [("root", nil)] + (0..<20).map { ("n\($0)", ["root"]) }
        var simulation = PlannerHarness(Self.context(nodes), seed: 3, maxParallel: limit)
        var most = 0
        while simulation.step() { most = max(most, simulation.running.count) }
        #expect(most == limit && simulation.planner.context.status == .completed)
    }

    @Test("a failure cancels what runs and skips what has not started", arguments: 1...20)
    func failure(seed: UInt64) {
        var simulation = PlannerHarness(Self.context(Self.diamond), seed: seed, failing: ["c"])
        while simulation.step() {}
        let context = simulation.planner.context
        #expect(context.status == .failed && context.error?.details == ["node_id": "c"])
        #expect(context["c"]?.status == .failed && context["f"]?.status == .skipped)
        #expect(context.nodes.allSatisfy { $0.status.isFinished } && context.output == nil)
    }

    @Test("a run that is cancelled ends so, and its nodes with it")
    func cancellation() {
        var simulation = PlannerHarness(Self.context(Self.diamond), seed: 2)
        while simulation.running.isEmpty { _ = simulation.step() }
        simulation.record(.cancelRequested(reason: "enough"))
        while simulation.step() {}
        let context = simulation.planner.context
        #expect(context.status == .cancelled && context.nodes.allSatisfy { $0.status == .cancelled })
    }

    @Test("a run that takes too long fails with a timeout")
    func timeout() {
        var planner = Planner(Self.context([("a", nil)], timeout: .seconds(5)), limits: PlannerLimits(parallelNodes: 1))
        #expect(planner.next(now: Self.start) == .startWorkflow)
        planner.apply(RunEvent(position: 2, time: Self.start, kind: .workflowStarted))
        #expect(planner.next(now: Self.start) == .startNode("a", attempt: 1))
        planner.apply(
            RunEvent(position: 3, time: Self.start, kind: .nodeStarted("a", attempt: 1, backend: .native, input: nil)))
        #expect(planner.next(now: Self.start) == .wait(until: Self.start.advanced(by: .seconds(5))))
        #expect(planner.next(now: Self.start.advanced(by: .seconds(5))) == .cancelNode("a"))
    }

    @Test("a crash after any event loses nothing and repeats no completed node", arguments: 1...10)
    func crashes(seed: UInt64) throws {
        var whole = PlannerHarness(Self.context(Self.diamond), seed: seed)
        while whole.step() {}
        for cut in 0...whole.events.count {
            var context = Self.context(Self.diamond)
            for event in whole.events.prefix(cut) { context.apply(event) }
            let completed = Set(context.nodes.filter { $0.status == .completed }.map(\.id))
            let lost = context.nodes.filter { $0.status == .running }.map(\.id)
            var rest = PlannerHarness(context, seed: seed &+ 99)
            while rest.step() {}
            let end = rest.planner.context
            #expect(end.status == .completed && end.output == whole.planner.context.output)
            for event in rest.events {
                if case .nodeStarted(let id, let attempt, _, _) = event.kind {
                    #expect(!completed.contains(id))
                    #expect(attempt == (lost.contains(id) ? 2 : 1))
                }
            }
            #expect(rest.events.first.map { $0.position == cut + 2 } ?? true)
            for id in lost { #expect(end[id]?.earlierAttempts.first?.error?.code == .lost) }
        }
    }
}
