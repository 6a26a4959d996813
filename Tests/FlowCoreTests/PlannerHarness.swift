import FlowCore
import FlowJSON

/// Carries decisions out as a driver would whose nodes end in an order that a seed gives, and journals them.
struct PlannerHarness {
    var planner: Planner
    var events: [RunEvent] = []
    var running: [(NodeID, Int)] = []
    var generator: Generator
    let failing: Set<NodeID>
    var now = PlannerTests.start
    let limits: PlannerLimits
    /// What comes of an attempt at a node; the default is a text that names the node.
    var result: (NodeID, Int, JSONValue) -> NodeResult

    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    init(_ context: WorkflowContext, seed: UInt64 = 1, failing: Set<NodeID> = [], maxParallel: Int = 3) {
        limits = PlannerLimits(parallelNodes: maxParallel)
        planner = Planner(context, limits: limits)
        generator = Generator(state: seed)
        self.failing = failing
        result = { id, _, _ in
            failing.contains(id) ? .failure(NodeFailure(.failed, "no")) : .success(output: .string("out of \(id)"))
        }
    }

    /// A run of a workflow of JSON whose nodes of type `echo` have their input as output.
    init(_ workflow: JSONValue, input: JSONValue = [:], seed: UInt64 = 1, variables: JSONObject = [:]) throws {
        let decoded = try Workflow(decoding: workflow)
        self.init(
            WorkflowContext(
                id: WorkflowID("run"), graph: WorkflowGraph(decoded),
                submission: Submission(workflow: decoded, input: input, variables: variables),
                submittedAt: PlannerTests.start), seed: seed)
        result = { _, _, input in .success(output: input) }
    }

    mutating func record(_ kind: RunEvent.Kind) {
        let event = RunEvent(position: planner.context.position + 1, time: now, kind: kind)
        events.append(event)
        planner.apply(event)
    }

    mutating func fail(_ id: NodeID, _ failure: NodeFailure) {
        if planner.context[id]?.status != .running, planner.context[id]?.status != .interrupted {
            let attempt = (planner.context[id]?.attempt?.number ?? 0) + 1
            record(.nodeStarted(id, attempt: attempt, backend: .native, input: nil))
        }
        let outcome = planner.outcome(of: failure, for: id, now: now, random: 0.5)
        record(.nodeFailed(id, attempt: planner.context[id]?.attempt?.number ?? 1, error: failure, then: outcome))
    }

    /// Runs until nothing goes on by itself.
    mutating func run() {
        while step() {}
    }

    /// Takes the run up again from its journal, as after a crash.
    mutating func crash() {
        guard
            var context = WorkflowContext(
                id: planner.context.id,
                first: RunEvent(
                    position: 1, time: planner.context.submittedAt, kind: .workflowSubmitted(planner.context.submission)
                ))
        else { return }
        for event in events { context.apply(event) }
        planner = Planner(context, limits: limits)
        running = []
    }

    /// Returns false when the run has ended or waits for an answer.
    mutating func step() -> Bool {
        switch planner.next(now: now) {
        case .startWorkflow: record(.workflowStarted)
        case .startNode(let id, let attempt): start(id, attempt)
        case .skipNode(let id): record(.nodeSkipped(id))
        case .completeNode(let id, let output, let notes):
            record(
                .nodeCompleted(
                    id, attempt: planner.context[id]?.attempt?.number ?? 1, output: output, notes: notes))
        case .failNode(let id, let failure): fail(id, failure)
        case .interruptNode(let id, let interrupt): record(.nodeInterrupted(id, attempt: 1, interrupt))
        case .startIteration(let id, let index, let item): record(.iterationStarted(id, index: index, item: item))
        case .endIteration(let id, let index, let outcome): record(.iterationEnded(id, index: index, outcome))
        case .cancelNode(let id):
            guard let index = running.firstIndex(where: { $0.0 == id }) else { return true }
            let attempt = running.remove(at: index).1
            record(.nodeCancelled(id, attempt: attempt))
        case .interruptWorkflow: record(.workflowInterrupted)
        case .completeWorkflow(let output): record(.workflowCompleted(output: output))
        case .failWorkflow(let failure): record(.workflowFailed(failure))
        case .cancelWorkflow(let reason): record(.workflowCancelled(reason: reason))
        case .wait(let instant):
            if !running.isEmpty {
                end(at: Int.random(in: 0..<running.count, using: &generator))
            } else if let instant {
                now = max(now, instant)
            } else {
                return false
            }
        case .handOver, .stop: return false
        }
        return true
    }

    private mutating func start(_ id: NodeID, _ attempt: Int) {
        guard let index = planner.context.position(of: id) else { return }
        do throws(NodeFailure) {
            let input = try planner.input(ofNodeAt: index)
            record(.nodeStarted(id, attempt: attempt, backend: .native, input: input))
            if !planner.context.definition(ofNodeAt: index).isControl { running.append((id, attempt)) }
        } catch {
            fail(id, error)
        }
    }

    private mutating func end(at place: Int) {
        let (id, attempt) = running.remove(at: place)
        guard let index = planner.context.position(of: id) else { return }
        do throws(NodeFailure) {
            let definition = planner.context.definition(ofNodeAt: index)
            let node = try planner.rendered(definition, at: index, secrets: nil)
            let input = planner.context.nodes[index].inputData ?? .null
            switch result(id, attempt, node.config["value"] ?? input) {
            case .success(let output, let notes):
                record(.nodeCompleted(id, attempt: attempt, output: output, notes: notes))
            case .failure(let failure): fail(id, failure)
            case .interrupted(let prompt): record(.nodeInterrupted(id, attempt: attempt, Interrupt(prompt: prompt)))
            }
        } catch {
            fail(id, error)
        }
    }
}
