import FlowCore
import FlowJSON

/// Writes a run's receipts: one for each attempt that has ended, in the order of the journal, each with the hash of the one
/// before it.
///
/// All of a receipt follows from the events, so that nothing is hashed while a run goes on, and the same run has the same
/// receipts whenever they are read.
struct ReceiptBook {
    /// What is known of an attempt that has not ended.
    private struct Open {
        let position: Int
        var identity: BackendIdentity?
        var switches: [BackendSwitch] = []
    }

    private let versions: [ServerVersion]
    private let builtIn: [BackendName: String]
    private let id: WorkflowID
    private var context: WorkflowContext?
    private var open: [NodeID: Open] = [:]
    /// Receipts that have not been taken away.
    private(set) var receipts: [JSONObject] = []
    /// How many receipts there are so far.
    private(set) var count = 0
    /// The hash of the last receipt, or of the submission before the first one.
    private(set) var head = ""
    /// The hash of what was submitted, on which the first receipt builds.
    private(set) var submissionHash = ""

    /// - Parameters:
    ///   - versions: Which versions of the server worked on the journal, in order.
    ///   - builtIn: The types of the backends that are part of the server, of which events tell no more than the name.
    init(of id: WorkflowID, versions: [ServerVersion], builtIn: [BackendName: String]) {
        self.builtIn = builtIn
        self.id = id
        self.versions = versions
    }

    /// The state of the run as of the last event.
    var state: WorkflowContext? { context }

    /// Takes the receipts away that are there.
    mutating func take() -> [JSONObject] {
        defer { receipts = [] }
        return receipts
    }

    /// Takes the next event in.
    mutating func add(_ event: RunEvent) {
        guard let before = context else { return begin(event) }
        let ended = before.status.isFinished
        switch event.kind {
        case .nodeStarted(let id, _, let name, _):
            if let node = before[id], node.attempt?.status == .running, let attempt = node.attempt {
                let error = NodeFailure(.lost, "the server stopped during the attempt", retriable: true)
                write(before, node, attempt, event, status: .failed, error: error)
            }
            context?.apply(event)
            open[id] = Open(position: event.position, identity: context?.identities[name])
            return
        case .backendSwitched(let id, _, let change):
            open[id]?.switches.append(change)
        case .nodeCompleted(let id, _, let output, let notes):
            end(id, before, event, status: .completed, output: output, notes: notes)
        case .nodeFailed(let id, _, let error, _): end(id, before, event, status: .failed, error: error)
        case .nodeCancelled(let id, _): end(id, before, event, status: .cancelled)
        default: break
        }
        context?.apply(event)
        guard !ended, !open.isEmpty, let after = context else { return }
        switch event.kind {
        case .iterationEnded, .workflowFailed, .workflowCancelled, .workflowCompleted: closeRest(before, after, event)
        default: break
        }
    }

    private mutating func begin(_ event: RunEvent) {
        guard let first = WorkflowContext(id: id, first: event) else { return }
        context = first
        var writer = JSONWriter()
        first.submission.workflow.write(to: &writer)
        let workflow = (try? JSONParser.parse(writer.bytes, limits: JSONLimits(depth: .max, values: .max))) ?? .null
        submissionHash = ReceiptHash.of([
            "workflow_id": .string(id.rawValue), "workflow": workflow, "input": first.submission.input,
            "submitted_at": .string(event.time.description),
        ])
        head = submissionHash
    }

    /// Writes receipts of attempts that ended with what they were a part of.
    private mutating func closeRest(_ before: WorkflowContext, _ after: WorkflowContext, _ event: RunEvent) {
        for id in open.sorted(by: { $0.value.position < $1.value.position }).map(\.key) {
            guard after[id]?.status.isFinished == true else { continue }
            end(id, before, event, status: .cancelled)
        }
    }

    private mutating func end(
        _ id: NodeID, _ before: WorkflowContext, _ event: RunEvent, status: NodeStatus, output: JSONValue? = nil,
        notes: CompletionNotes? = nil, error: NodeFailure? = nil
    ) {
        guard let node = before[id], let attempt = node.attempt else { return }
        write(before, node, attempt, event, status: status, output: output, notes: notes, error: error)
        open[id] = nil
    }

    private mutating func write(
        _ before: WorkflowContext, _ node: NodeContext, _ attempt: NodeContext.Attempt, _ event: RunEvent,
        status: NodeStatus, output: JSONValue? = nil, notes: CompletionNotes? = nil, error: NodeFailure? = nil
    ) {
        let known = open[node.id]
        let type = before.position(of: node.id).map { before.type(ofNodeAt: $0) } ?? ""
        let isControl = ControlType(rawValue: type) != nil
        let metadata = notes?.metadata ?? JSONObject()
        let details = error?.details?.object ?? JSONObject()
        let said = metadata["backend"] ?? details["executed_by"]
        // What directs others the planner carries out, whatever the backend is.
        let identity =
            isControl
            ? BackendIdentity(type: "planner")
            : known?.identity ?? builtIn[attempt.backend].map { BackendIdentity(type: $0) }
        let executor = ReceiptExecutor(
            attempt.backend, identity, switches: known?.switches ?? [],
            said: said?.string.map { BackendName($0) })
        let version = executor.version ?? (executor.runsHere ? self.version(at: attempt.startedAt) : nil)
        count += 1
        var receipt: JSONObject = [
            "sequence": .integer(Int64(count)), "position": .integer(Int64(event.position)),
            "node_id": .string(node.id.rawValue), "node_type": .string(type),
            "attempt": .integer(Int64(attempt.number)), "status": .string(status.rawValue),
            "backend": .string(attempt.backend.rawValue),
            "executor": [
                "backend": .string(executor.name.rawValue), "type": executor.type.map { .string($0) } ?? .null,
                "version": version.map { .string($0) } ?? .null,
                "config_hash": executor.configHash.map { .string($0) } ?? .null,
            ],
            "worker": (metadata["worker"] ?? details["worker"]).flatMap { $0.string.map { .string($0) } } ?? .null,
            "input_hash": .string(ReceiptHash.of(node.inputData ?? .null)),
            "output_hash": output.map { .string(ReceiptHash.of($0)) } ?? .null,
            "error_hash": error.map { .string(ReceiptHash.of($0.json)) } ?? .null,
            "started_at": .string(attempt.startedAt.description), "completed_at": .string(event.time.description),
        ]
        if node.status == .interrupted, status != .cancelled, error?.code != .timeout { receipt["answered"] = true }
        if let switches = known?.switches, !switches.isEmpty {
            receipt["switches"] = .array(
                switches.map { ["from": .string($0.from.rawValue), "to": .string($0.to.rawValue)] })
        }
        receipt["previous"] = .string(head)
        head = ReceiptHash.of(.object(receipt))
        receipt["hash"] = .string(head)
        receipts.append(receipt)
    }

    private func version(at instant: Timestamp) -> String? { versions.last { $0.since <= instant }?.version }
}
