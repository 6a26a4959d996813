import FlowCore
import FlowEngine
import FlowJSON

/// Takes what a server tells of the end of runs, or does not, and looks whether it is told at the right time.
struct SimulatedReceiver: WebhookSender {
    private let world: World
    private let clock: SimulationClock
    private let isDead: @Sendable () -> Bool

    init(_ world: World, clock: SimulationClock, isDead: @escaping @Sendable () -> Bool) {
        self.world = world
        self.clock = clock
        self.isDead = isDead
    }

    /// How the end of a run is written.
    static func body(of context: WorkflowContext) -> [UInt8] {
        JSONWriter.bytes(of: ["run": .string(context.id.rawValue), "status": .string(context.status.rawValue)])
    }

    func issues(of hook: CompletionHook) -> [ValidationIssue] { [] }

    func post(_ request: WebhookRequest) async throws(CancellationError) -> WebhookAnswer {
        guard !isDead() else { throw CancellationError() }
        let body = try? JSONParser.parse(request.body)
        let run = WorkflowID(body?["run"]?.string ?? "")
        world.log("tell of the end of \(run)")
        check(run, request)
        let answer = world.faults.failsDelivery() ? failure() : .status(204, retryAfter: nil)
        let instant = clock.now.advanced(by: .milliseconds(world.scheduler.number(0...200)))
        guard (try? await clock.sleep(until: instant, tolerance: nil)) != nil else { throw CancellationError() }
        // An answer may be lost although the receiver has taken the event; then it is told once more.
        if case .status(204, _) = answer { world.ledger.told(run) }
        return answer
    }

    private func failure() -> WebhookAnswer {
        switch world.scheduler.number(1...3) {
        case 1: .status(503, retryAfter: .milliseconds(world.scheduler.number(0...5000)))
        case 2: .status(500, retryAfter: nil)
        default: .none("told to be silent")
        }
    }

    private func check(_ id: WorkflowID, _ request: WebhookRequest) {
        func wrong(_ message: String) { world.scheduler.report(.told, "the end of run \(id) is told \(message)") }
        guard let context = world.disk.run(id)?.context, context.status.isFinished else {
            return wrong("before it is on disk")
        }
        if request.body != Self.body(of: context) { wrong("as another one") }
        if context.submission.onCompletion?.url != request.url { wrong("to somebody else") }
        guard let delivery = world.disk.delivery(of: id) else { return wrong("and nobody wants to know") }
        if delivery.status != .pending { wrong("once more although its receiver has it") }
        if let instant = delivery.nextAttemptAt, world.scheduler.now < instant { wrong("again too early") }
    }
}
