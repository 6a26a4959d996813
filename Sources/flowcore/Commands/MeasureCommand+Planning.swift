import FlowCore
import FlowJSON
import FlowSystem

extension MeasureCommand {
    /// Plans workflows of several forms, without a driver: what is measured is the decisions and the fold of their events.
    static func measurePlanning() throws {
        var result = JSONObject()
        for (name, nodes) in forms {
            let workflow = Workflow(name: name, nodes: nodes)
            let graph = WorkflowGraph(workflow)
            // As many nodes for each form, so that each is timed as long.
            let rounds = max(1, 200_000 / nodes.count)
            let start = ContinuousClock.now
            for _ in 0..<rounds { try plan(workflow, graph) }
            let elapsed = start.duration(to: .now)
            result[name] = .double(elapsed / .nanoseconds(rounds * nodes.count))
        }
        StandardStreams.write("\(JSONValue.object(result))\n")
    }

    private static var forms: [(name: String, nodes: [Node])] {
        func node(_ index: Int, after: [Int]) -> Node {
            Node(id: NodeID("n\(index)"), type: "t", dependsOn: after.map { NodeID("n\($0)") })
        }
        func layers(width: Int, depth: Int, _ predecessors: (Int, Int) -> [Int]) -> [Node] {
            (0..<width * depth).map { index in
                let (layer, place) = index.quotientAndRemainder(dividingBy: width)
                return node(index, after: layer == 0 ? [] : predecessors(layer, place))
            }
        }
        return [
            ("chain_100", (0..<100).map { node($0, after: $0 == 0 ? [] : [$0 - 1]) }),
            ("chain_5000", (0..<5000).map { node($0, after: $0 == 0 ? [] : [$0 - 1]) }),
            ("fan_out_5000", (0..<5001).map { node($0, after: $0 == 0 ? [] : [0]) }),
            (
                "mesh_70x70",
                layers(width: 70, depth: 70) { layer, place in
                    [place, (place + 1) % 70].map { (layer - 1) * 70 + $0 }.sorted()
                }
            ),
            (
                "full_mesh_70x70",
                layers(width: 70, depth: 70) { layer, _ in (0..<70).map { (layer - 1) * 70 + $0 } }
            ),
        ]
    }

    private static func plan(_ workflow: Workflow, _ graph: WorkflowGraph) throws {
        let instant = Timestamp(milliseconds: 0)
        let context = WorkflowContext(
            id: WorkflowID("run"), graph: graph, submission: Submission(workflow: workflow), submittedAt: instant)
        var planner = Planner(context, limits: PlannerLimits())
        var running: [(NodeID, Int)] = []
        var position = 1
        func event(_ kind: RunEvent.Kind) -> RunEvent {
            position += 1
            return RunEvent(position: position, time: instant, kind: kind)
        }
        while true {
            switch planner.next(now: instant) {
            case .startWorkflow: planner.apply(event(.workflowStarted))
            case .startNode(let id, let attempt):
                planner.apply(event(.nodeStarted(id, attempt: attempt, backend: .native, input: nil)))
                running.append((id, attempt))
            case .wait:
                for (id, attempt) in running {
                    planner.apply(event(.nodeCompleted(id, attempt: attempt, output: 1, notes: nil)))
                }
                running.removeAll(keepingCapacity: true)
            case .completeWorkflow: planner.apply(event(.workflowCompleted(output: nil)))
            case .stop: return
            default: throw NodeFailure(.failed, "the planner decided what it should not")
            }
        }
    }
}
