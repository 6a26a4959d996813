import FlowCore
import FlowJSON
import FlowSimulation
import Testing

/// How journals are judged.
@Suite("going through a journal anew")
struct RunReplayTests {
    private static let workflow = Workflow(
        name: "w", nodes: [Node(id: "a", type: "work"), Node(id: "b", type: "work")])

    /// What the node of a simulation makes of its input.
    private static func output(_ id: NodeID, _ input: JSONValue) -> JSONValue {
        NodeBehaviour(JSONObject()).output(of: id, input: input)
    }

    private static let first = output("a", [:])
    private static let second = output("b", first)

    private static let journal: [RunEvent.Kind] = [
        .workflowSubmitted(Submission(workflow: workflow)), .workflowStarted,
        .nodeStarted("a", attempt: 1, backend: .native, input: nil),
        .nodeCompleted("a", attempt: 1, output: first, notes: nil),
        .nodeStarted("b", attempt: 1, backend: .native, input: nil),
        .nodeStarted("b", attempt: 2, backend: .native, input: nil),
        .nodeCompleted("b", attempt: 2, output: second, notes: nil),
        .workflowCompleted(output: nil),
    ]

    private func problems(_ kinds: [RunEvent.Kind]) -> [String] {
        let events = kinds.enumerated().map { index, kind in
            RunEvent(position: index + 1, time: Timestamp(milliseconds: 1000), kind: kind)
        }
        return RunReplay.problems(of: events)
    }

    @Test("a journal as it should be has no problem, also with an attempt that was lost")
    func sound() { #expect(problems(Self.journal).isEmpty) }

    @Test("any event of it left out, or written twice, is a problem", arguments: Self.journal.indices)
    func broken(_ index: Int) {
        var without = Self.journal
        without.remove(at: index)
        // A prefix is a journal as well: that of a run that goes on.
        if index < Self.journal.count - 1 { #expect(!problems(without).isEmpty) }
        var twice = Self.journal
        twice.insert(twice[index], at: index)
        #expect(!problems(twice).isEmpty)
    }

    @Test("any two events of it changed with one another are a problem", arguments: 0..<Self.journal.count - 1)
    func swapped(_ index: Int) {
        var swapped = Self.journal
        swapped.swapAt(index, index + 1)
        #expect(!problems(swapped).isEmpty)
    }

    @Test("an output that does not follow from the input, or the work of another node, is a problem")
    func outputs() {
        for (place, output) in [(3, Self.second), (6, Self.first)] {
            var changed = Self.journal
            guard case .nodeCompleted(let id, let attempt, _, _) = changed[place] else { continue }
            changed[place] = .nodeCompleted(id, attempt: attempt, output: output, notes: nil)
            #expect(!problems(changed).isEmpty)
        }
    }

    @Test("positions without gaps and times that never run backwards")
    func positionsAndTimes() {
        func event(_ position: Int, _ time: Int64, _ kind: RunEvent.Kind) -> RunEvent {
            RunEvent(position: position, time: Timestamp(milliseconds: time), kind: kind)
        }
        #expect(RunReplay.problems(of: [event(1, 5, Self.journal[0]), event(2, 5, Self.journal[1])]).isEmpty)
        #expect(!RunReplay.problems(of: [event(1, 5, Self.journal[0]), event(3, 5, Self.journal[1])]).isEmpty)
        #expect(!RunReplay.problems(of: [event(1, 5, Self.journal[0]), event(2, 4, Self.journal[1])]).isEmpty)
    }
}
