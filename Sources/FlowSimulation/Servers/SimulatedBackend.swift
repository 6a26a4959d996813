import FlowCore
import FlowEngine
import FlowJSON
import Synchronization

/// Executes nodes as their configurations say, and looks whether it is asked to at the right time.
final class SimulatedBackend: Backend {
    private struct State: Sendable {
        var isDead = false
        var working: [Int: Working] = [:]
        var next = 0
    }

    private struct Working: Sendable {
        let timer: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    let name: BackendName
    let type = "simulated"
    let capabilities = BackendCapabilities(streaming: false, parallel: true, async: true, distributed: false)
    let nodeTypes: [NodeTypeDescription] = []
    private let world: World
    private let clock: SimulationClock
    private let state = Mutex(State())

    init(_ name: BackendName, _ world: World, clock: SimulationClock) {
        self.name = name
        self.world = world
        self.clock = clock
    }

    func validate(_ node: Node) -> [ValidationIssue] { [] }

    func computesInline(_ node: Node) -> Bool { node.type == NodeBehaviour.pureType }

    func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        guard !state.withLock({ $0.isDead }) else { throw cancelled }
        let run = request.run.id
        let id = request.node.id
        world.log("execute \(run)/\(id) attempt \(request.attempt)")
        world.ledger.executed()
        check(request)
        let behaviour = NodeBehaviour(request.node.config)
        if !computesInline(request.node) {
            let refusal = world.faults.refusal()
            let time = refusal == .atOnce ? 0 : behaviour.work
            if time > 0 {
                let isDone = behaviour.isStubborn ? await work(time) : await workUnlessCancelled(time)
                guard isDone else { throw cancelled }
            }
            for number in 0..<behaviour.chunks { request.emit(["chunk": .integer(Int64(number))]) }
            if refusal != nil {
                world.ledger.change(run) { $0.refusals[id, default: 0] += 1 }
                let code: BackendError.Code = world.scheduler.chance(50) ? .unavailable : .overloaded
                throw BackendError(code, backend: name, "told to refuse")
            }
        }
        if world.options.sabotage == .changeOutput, request.attempt > 1 {
            return .success(output: .integer(Int64(request.attempt)))
        }
        if behaviour.asks { return .interrupted(prompt: ["question": .string(id.rawValue)]) }
        return behaviour.result(of: id, input: request.input, attempt: request.attempt)
    }

    func executeWorkflow(_ run: any WorkflowRun) async throws(BackendError) {
        if world.options.sabotage == .runUnannounced,
            let node = run.workflow.nodes.first(where: { !computesInline($0) })
        {
            try await again(node, in: await run.context)
        }
        try await run.drive(on: self)
        if world.options.sabotage == .repeatTaken {
            let context = await run.context
            let node = run.workflow.nodes.first { node in
                !computesInline(node) && context.submission.origin?.taken[node.id]?.status == .completed
            }
            if let node { try await again(node, in: context) }
        }
        if world.options.sabotage == .repeatCompleted {
            let context = await run.context
            let node = zip(run.workflow.nodes, context.nodes).first { !computesInline($0) && $1.status == .completed }
            if let node { try await again(node.0, in: context) }
        }
    }

    private func again(_ node: Node, in context: WorkflowContext) async throws(BackendError) {
        _ = try await executeNode(
            NodeRequest(node: node, input: .null, attempt: 1, run: RunInformation(context), clock: clock))
    }

    /// Whether the journal allows the execution. Nodes without effects may be computed whenever somebody likes, such as
    /// for a second submission under the id of a run, before it is known to be one.
    private func check(_ request: NodeRequest) {
        guard !computesInline(request.node) else { return }
        let key = request.idempotencyKey
        guard let stored = world.disk.run(request.run.id)?.context?[request.node.id] else {
            return world.scheduler.report(.announced, "\(key) is executed before its run is on disk")
        }
        if stored.status == .completed {
            world.scheduler.report(.once, "\(key) is executed although the node has completed")
        } else if stored.status != .running || stored.attempt?.number != request.attempt {
            let state = "\(stored.status.rawValue), attempt \(stored.attempt?.number ?? 0)"
            world.scheduler.report(.announced, "\(key) is executed while the journal has the node as \(state)")
        }
    }

    private var cancelled: BackendError { BackendError(.cancelled, backend: name, "cancelled") }

    /// Ends all work, now and later.
    func die() {
        let working = state.withLock { state in
            state.isDead = true
            defer { state.working = [:] }
            return state.working.sorted { $0.key < $1.key }.map(\.value)
        }
        for work in working { work.continuation.resume(returning: false) }
    }

    private func workUnlessCancelled(_ milliseconds: Int) async -> Bool {
        do {
            try await clock.sleep(until: clock.now.advanced(by: .milliseconds(milliseconds)), tolerance: nil)
            return true
        } catch {
            return false
        }
    }

    /// Works on, whoever wants it to stop.
    private func work(_ milliseconds: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            let isDead = state.withLock { state in
                guard !state.isDead else { return true }
                state.next += 1
                let number = state.next
                let timer = world.scheduler.perform(after: .milliseconds(milliseconds)) { [weak self] in
                    self?.done(number)
                }
                state.working[number] = Working(timer: timer, continuation: continuation)
                return false
            }
            if isDead { continuation.resume(returning: false) }
        }
    }

    private func done(_ number: Int) {
        state.withLock { $0.working.removeValue(forKey: number) }?.continuation.resume(returning: true)
    }
}
