import FlowCore
import FlowEngine
import FlowJSON
import Synchronization

/// What is known of the runs beside their journals: what clients asked for and saw, what nodes did.
final class Ledger: Sendable {
    /// What is known of one run.
    struct Facts: Sendable {
        /// What was submitted.
        var plan: RunPlan?
        /// Whether a client was told that the run is accepted.
        var isAccepted = false
        /// Whether the server said that it will end the run on request.
        var isCancelConfirmed = false
        /// Whether somebody asked for it.
        var isCancelWished = false
        /// What it works on, when that is known beside its plan.
        var input: JSONValue?
        /// How often the backend refused to execute the nodes.
        var refusals: [NodeID: Int] = [:]
    }

    /// A run's state as somebody saw it.
    struct Observation: Sendable {
        let context: WorkflowContext
        let at: Timestamp
    }

    private struct State: Sendable {
        var facts: [WorkflowID: Facts] = [:]
        var order: [WorkflowID] = []
        /// Runs that were refused for good.
        var refused: [WorkflowID] = []
        var observations: [Observation] = []
        /// What each reader was given.
        var readers: [Int: (id: WorkflowID, events: [RunEvent])] = [:]
        var executions = 0
        /// The runs of whose end somebody was told.
        var told: Set<WorkflowID> = []
        var ids: SeededGenerator
    }

    private let state: Mutex<State>

    init(ids: SeededGenerator) { state = Mutex(State(ids: ids)) }

    /// An id that no other run has.
    func nextID(at instant: Timestamp) -> WorkflowID {
        state.withLock { .version7(at: instant, using: &$0.ids) }
    }

    func change(_ id: WorkflowID, _ body: (inout Facts) -> Void) {
        state.withLock { state in
            if state.facts[id] == nil { state.order.append(id) }
            body(&state.facts[id, default: Facts()])
        }
    }

    func facts(of id: WorkflowID) -> Facts { state.withLock { $0.facts[id] ?? Facts() } }

    /// The runs that anything is known of, in order.
    var runs: [WorkflowID] { state.withLock { $0.order } }

    var refusedRuns: [WorkflowID] { state.withLock { $0.refused } }
    func refused(_ id: WorkflowID) { state.withLock { $0.refused.append(id) } }

    var observations: [Observation] { state.withLock { $0.observations } }
    func observed(_ context: WorkflowContext, at instant: Timestamp) {
        state.withLock { $0.observations.append(Observation(context: context, at: instant)) }
    }

    var readers: [(id: WorkflowID, events: [RunEvent])] {
        state.withLock { state in state.readers.sorted { $0.key < $1.key }.map(\.value) }
    }
    func beginReading(_ id: WorkflowID) -> Int {
        state.withLock { state in
            let number = state.readers.count
            state.readers[number] = (id, [])
            return number
        }
    }
    func lastPosition(ofReader number: Int) -> Int {
        state.withLock { $0.readers[number]?.events.last?.position ?? 0 }
    }
    func given(_ events: [RunEvent], toReader number: Int) {
        state.withLock { $0.readers[number]?.events += events }
    }

    func told(_ id: WorkflowID) { state.withLock { _ = $0.told.insert(id) } }
    func wasTold(_ id: WorkflowID) -> Bool { state.withLock { $0.told.contains(id) } }

    var executions: Int { state.withLock { $0.executions } }
    func executed() { state.withLock { $0.executions += 1 } }
}
