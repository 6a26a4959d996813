import FlowCore
import FlowJSON
import Synchronization

/// One chain of nodes that a process runs, with what has come of each of them.
final class BridgeCall: Sendable {
    /// What came of a node.
    enum Outcome: Sendable {
        case result(NodeResult)
        /// The node was not carried out, for want of the process or of what the node is called back for.
        case away(BackendError)
        /// The chain ended before the node.
        case notRun
    }

    typealias Waiter = CheckedContinuation<Outcome, Never>

    private struct Step: Sendable {
        var outcome: Outcome?
        var waiter: Waiter?
        /// Where parts of the result go; those that come before somebody waits are kept.
        var emit: (@Sendable (JSONValue) -> Void)?
        var chunks: [JSONValue] = []
        /// What a node of the server's own gave, until the process has heard of it.
        var native: Outcome?
        /// Whether a choice went to the node.
        var isChosen = false
    }

    private struct State: Sendable {
        var steps: [Step]
        var unsettled: Int
        var tasks: [Task<Void, Never>] = []
        var isOver = false
    }

    let id: Int
    let plan: ChainPlan
    let request: NodeRequest
    /// The process that runs it.
    let worker: BridgeWorker
    private let state: Mutex<State>

    init(_ id: Int, _ plan: ChainPlan, _ request: NodeRequest, on worker: BridgeWorker) {
        self.id = id
        self.worker = worker
        self.plan = plan
        self.request = request
        state = Mutex(State(steps: plan.nodes.map { _ in Step() }, unsettled: plan.nodes.count))
    }

    /// The nodes, in the order of their numbers.
    var nodes: [Node] { plan.nodes }

    /// Whether nothing more comes.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Waits for what comes of a node, whose parts are handed out meanwhile.
    func outcome(of index: Int, emit: @escaping @Sendable (JSONValue) -> Void) async -> Outcome {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> Outcome? in
                for chunk in state.steps[index].chunks { emit(chunk) }
                state.steps[index].chunks = []
                state.steps[index].emit = emit
                if let outcome = state.steps[index].outcome { return outcome }
                state.steps[index].waiter = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// The result of a node for which nobody has to wait and of which no part is to be handed out.
    ///
    /// A failure beside other branches is waited for all the same: it ends the run, and what has begun beside it is to be
    /// on record before.
    func knownResult(of index: Int) -> NodeResult? {
        state.withLock { state in
            guard state.steps[index].chunks.isEmpty, case .result(let result) = state.steps[index].outcome else {
                return nil
            }
            if case .success = result { return result }
            return plan.isLinear ? result : nil
        }
    }

    /// Has a choice go to a node.
    ///
    /// - Returns: false when no choice leads to it, or the chain is over.
    func choose(_ index: Int) -> Bool {
        guard plan.chosen.contains(index) else { return false }
        return state.withLock { state in
            guard !state.isOver, state.steps[index].outcome == nil else { return false }
            state.steps[index].isChosen = true
            return true
        }
    }

    /// Takes a part of a node's result in.
    func chunk(_ index: Int, _ value: JSONValue) {
        state.withLock { state in
            guard state.steps.indices.contains(index), state.steps[index].outcome == nil else { return }
            // Under the lock, so that parts keep their order.
            if let emit = state.steps[index].emit { emit(value) } else { state.steps[index].chunks.append(value) }
        }
    }

    /// Takes in what came of a node.
    ///
    /// - Returns: who waits for it and is to be told, and whether the chain is over; `nil` when it was known.
    func settle(_ index: Int, _ outcome: Outcome) -> (waiter: Waiter?, isOver: Bool)? {
        state.withLock { state in
            guard state.steps.indices.contains(index), state.steps[index].outcome == nil else { return nil }
            state.steps[index].outcome = outcome
            state.unsettled -= 1
            if state.unsettled == 0 { state.isOver = true }
            return (state.steps[index].waiter.take(), state.isOver)
        }
    }

    /// Ends the chain: the nodes that were being carried out have this outcome, those behind them have not run.
    func end(_ outcome: Outcome) {
        let (waiters, tasks) = state.withLock { state in
            var waiters: [(Waiter, Outcome)] = []
            let settled = state.steps.map { if case .result(.success) = $0.outcome { true } else { false } }
            for index in state.steps.indices where state.steps[index].outcome == nil {
                let hasBegun =
                    plan.before[index].allSatisfy { settled[$0] }
                    && (state.steps[index].isChosen || !plan.chosen.contains(index))
                let own = hasBegun ? outcome : .notRun
                state.steps[index].outcome = own
                if let waiter = state.steps[index].waiter.take() { waiters.append((waiter, own)) }
            }
            state.unsettled = 0
            state.isOver = true
            defer { state.tasks = [] }
            return (waiters, state.tasks)
        }
        for task in tasks { task.cancel() }
        for (waiter, outcome) in waiters { waiter.resume(returning: outcome) }
    }

    /// Has a node of the server's own executed, and remembers what came of it.
    func carryOut(
        _ index: Int, input: JSONValue?, on native: any Backend, answer: @escaping @Sendable (JSONValue?) -> Void
    ) {
        guard nodes.indices.contains(index) else { return answer(nil) }
        var request = request
        if let input { request.input = input }
        let emit: @Sendable (JSONValue) -> Void = { [weak self] in self?.chunk(index, $0) }
        request.emit = emit
        // Unstructured, since the process asks for it; it is cancelled when the chain ends.
        let task = Task { [request] in
            var output: JSONValue?
            let outcome: Outcome
            do throws(BackendError) {
                let result = try await native.executeNode(request)
                if case .success(let value, _) = result { output = value }
                outcome = .result(result)
            } catch {
                outcome = .away(error)
            }
            state.withLock { $0.steps[index].native = outcome }
            answer(output)
        }
        let isLate = state.withLock { state in
            if !state.isOver { state.tasks.append(task) }
            return state.isOver
        }
        if isLate { task.cancel() }
    }

    /// What a node of the server's own gave.
    func native(_ index: Int) -> Outcome? {
        state.withLock { $0.steps.indices.contains(index) ? $0.steps[index].native : nil }
    }
}
