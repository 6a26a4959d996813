import FlowCore
import FlowJSON
import FlowSimulation
import Testing

/// How journals of bodies within bodies, and of runs that others start or repeat, are judged.
@Suite("going through a journal of runs and bodies within others anew")
struct NestedReplayTests {
    private static func output(_ id: NodeID, _ input: JSONValue) -> JSONValue {
        NodeBehaviour(JSONObject()).output(of: id, input: input)
    }

    private static func workflow(_ nodes: JSONValue) throws -> Workflow {
        try Workflow(decoding: ["name": "w", "nodes": nodes])
    }

    private static func problems(_ kinds: [RunEvent.Kind], _ facts: RunReplay.Facts = .init()) -> [String] {
        let events = kinds.enumerated().map { index, kind in
            RunEvent(position: index + 1, time: Timestamp(milliseconds: 1000), kind: kind)
        }
        return RunReplay.problems(of: events, facts)
    }

    private static func started(_ id: NodeID) -> RunEvent.Kind {
        .nodeStarted(id, attempt: 1, backend: .native, input: nil)
    }

    private static func completed(_ id: NodeID, _ output: JSONValue) -> RunEvent.Kind {
        .nodeCompleted(id, attempt: 1, output: output, notes: nil)
    }

    private static func nested() throws -> [RunEvent.Kind] {
        let inner: JSONValue = [
            [
                "node_id": "b", "type": "for_each",
                "config": ["items": [4], "nodes": [["node_id": "c", "type": "work"]]],
            ]
        ]
        let nodes: JSONValue = [["node_id": "a", "type": "for_each", "config": ["items": [1], "nodes": inner]]]
        let made = output("a[0].b[0].c", 4)
        return [
            .workflowSubmitted(Submission(workflow: try workflow(nodes))), .workflowStarted, started("a"),
            .iterationStarted("a", index: 0, item: 1), started("a[0].b"),
            .iterationStarted("a[0].b", index: 0, item: 4), started("a[0].b[0].c"), completed("a[0].b[0].c", made),
            .iterationEnded("a[0].b", index: 0, .completed(made)), completed("a[0].b", [made]),
            .iterationEnded("a", index: 0, .completed([made])), completed("a", [[made]]),
            .workflowCompleted(output: nil),
        ]
    }

    @Test("bodies within bodies: every event has its place, and none may be left out or changed with the next")
    func bodies() throws {
        let journal = try Self.nested()
        #expect(Self.problems(journal).isEmpty)
        for index in journal.indices.dropLast() {
            var without = journal
            without.remove(at: index)
            #expect(!Self.problems(without).isEmpty, "without \(index)")
            var swapped = journal
            swapped.swapAt(index, index + 1)
            #expect(!Self.problems(swapped).isEmpty, "swapped \(index)")
        }
    }

    /// A run of a definition as it ended.
    private static func child(_ output: JSONValue, isCancelled: Bool = false) -> WorkflowContext {
        let submission = Submission(workflow: Workflow(name: "d", nodes: [Node(id: "x", type: "work")]))
        let kinds: [RunEvent.Kind] =
            [.workflowSubmitted(submission), .workflowStarted]
            + (isCancelled ? [.workflowCancelled(reason: nil)] : [.workflowCompleted(output: output)])
        let id = WorkflowID.child(of: WorkflowID("run"), node: "a", number: 0)
        var context = WorkflowContext(
            id: id, first: RunEvent(position: 1, time: Timestamp(milliseconds: 900), kind: kinds[0]))
        for (index, kind) in kinds.enumerated().dropFirst() {
            context?.apply(RunEvent(position: index + 1, time: Timestamp(milliseconds: 900), kind: kind))
        }
        return context
            ?? WorkflowContext(
                RunConstants(
                    id: id, graph: WorkflowGraph(submission.workflow), submission: submission,
                    submittedAt: Timestamp(milliseconds: 900)))
    }

    @Test("a node that runs a definition has the output of the run that follows from its own, once that has ended")
    func children() throws {
        let nodes: JSONValue = [["node_id": "a", "type": "workflow", "config": ["definition": "d"]]]
        let submitted = RunEvent.Kind.workflowSubmitted(Submission(workflow: try Self.workflow(nodes)))
        let journal = [
            submitted, .workflowStarted, Self.started("a"), Self.completed("a", 7), .workflowCompleted(output: nil),
        ]
        func problems(_ child: WorkflowContext?) -> [String] {
            var facts = RunReplay.Facts()
            facts.run = { $0 == child?.id ? child : nil }
            return Self.problems(journal, facts)
        }
        #expect(problems(Self.child(7)).isEmpty)
        #expect(!problems(Self.child(8)).isEmpty, "another output")
        #expect(!problems(Self.child(7, isCancelled: true)).isEmpty, "it did not complete")
        #expect(!problems(nil).isEmpty, "it was never there")
    }

    @Test("what a run has taken over is not executed in it, and what it has not taken over is")
    func reruns() throws {
        let workflow = Workflow(name: "w", nodes: [Node(id: "a", type: "work"), Node(id: "b", type: "work")])
        let first = Self.output("a", [:])
        let origin = RunOrigin(
            id: WorkflowID("earlier"), from: "b", taken: ["a": .init(status: .completed, output: first)])
        let submitted = RunEvent.Kind.workflowSubmitted(Submission(workflow: workflow, origin: origin))
        let rest = [Self.started("b"), Self.completed("b", Self.output("b", first)), .workflowCompleted(output: nil)]
        #expect(Self.problems([submitted, .workflowStarted] + rest).isEmpty)
        let again = [Self.started("a"), Self.completed("a", first)]
        #expect(!Self.problems([submitted, .workflowStarted] + again + rest).isEmpty)
        #expect(!Self.problems([submitted, .workflowStarted, .workflowCompleted(output: nil)]).isEmpty)
    }
}
