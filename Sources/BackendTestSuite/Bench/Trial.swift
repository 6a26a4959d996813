import FlowCore
import FlowEngine
import FlowJSON
import FlowServer

/// What a case has at hand.
struct Trial: Sendable {
    let bench: Bench

    var wire: WireClient { bench.wire }
    /// How long a backend may take over a cancelled node.
    var timeToCancel: Duration { min(bench.contract.timeToCancel, .seconds(5)) + bench.slack }

    /// A time within which a quick backend does something, as this one is given it.
    func scaled(_ time: Duration) -> Duration { time * bench.scale }

    /// A sample.
    ///
    /// - Throws: ``ConformanceSkip`` when there is none.
    func sample(_ role: Samples.Role) throws -> Sample {
        guard let sample = bench.samples[role] else {
            throw ConformanceSkip(reason: role == .calls ? bench.unreachable ?? role.advice : role.advice)
        }
        return sample
    }

    /// Whether the backend says that it has a capability.
    func declares(_ capability: String) -> Bool { bench.capabilities[capability]?.bool == true }

    /// - Throws: ``ConformanceSkip`` unless the backend says that it has a capability.
    func needs(_ capability: String) throws {
        guard declares(capability) else {
            throw ConformanceSkip(reason: "the backend does not declare the capability \"\(capability)\"")
        }
    }

    // MARK: Over the wire

    /// The body that has a node executed.
    func body(_ sample: Sample, run: String? = nil, node: String = "a", attempt: Int = 1) -> JSONValue {
        let run = run ?? newID()
        return [
            "node": ["node_id": .string(node), "type": .string(sample.type), "config": .object(sample.config)],
            "node_context": [
                "node_id": .string(node), "status": "running", "attempt": .integer(Int64(attempt)),
                "input_data": sample.input, "output_data": .null,
            ],
            "workflow_context": [
                "workflow_id": .string(run), "name": "conformance", "version": .null,
                "backend": .string(bench.name.rawValue), "current_node_id": .string(node), "variables": [:],
                // The same each time: a key stands for one body.
                "submitted_at": .string(bench.startedAt.description),
            ],
        ]
    }

    /// The id of a run that nobody else has.
    func newID() -> String { "conformance-\(bench.ids.next(at: bench.service.clock.now))" }

    /// Has a node executed.
    func execute(
        _ sample: Sample, run: String? = nil, node: String = "a", attempt: Int = 1,
        _ fields: [(name: String, value: String)] = [], within time: Duration? = nil,
        on other: WireClient? = nil
    ) async throws -> WireAnswer {
        let run = run ?? newID()
        let key = [("Idempotency-Key", "\(run)/\(node)/\(attempt)")]
        return try await (other ?? wire).post(
            "/nodes/execute", body(sample, run: run, node: node, attempt: attempt), key + fields,
            within: time ?? scaled(.seconds(10)))
    }

    /// Has a node executed that has to succeed as its sample says, to show that the backend is alive and well.
    func expectAlive(_ after: String) async throws {
        let sample = try sample(.succeeds)
        let answer: WireAnswer
        do { answer = try await execute(sample) } catch let failure as ConformanceFailure {
            throw ConformanceFailure(
                sent: "\(after), then \(failure.sent)", received: failure.received,
                expected: "the backend lives on and executes the next node")
        }
        let output = try answer.output()
        try answer.expect(
            sample.output.map { Self.same($0, output) } ?? true, "the sample's output as before, after \(after)")
    }

    // MARK: Through the engine

    /// Runs a workflow to its end.
    ///
    /// - Throws: ``ConformanceFailure`` when it is not accepted or does not end in time.
    func run(
        _ nodes: [JSONValue], input: JSONValue = [:], _ more: JSONObject = JSONObject(), on backend: BackendName? = nil,
        within time: Duration? = nil
    ) async throws -> RunRecord {
        let (id, sent) = try await submit(nodes, input: input, more, on: backend)
        return try await end(of: id, sent, within: time)
    }

    /// Begins a run.
    func submit(
        _ nodes: [JSONValue], input: JSONValue = [:], _ more: JSONObject = JSONObject(), on backend: BackendName? = nil
    ) async throws -> (id: WorkflowID, sent: String) {
        var workflow: JSONObject = ["name": "conformance", "nodes": .array(nodes)]
        var submission: JSONObject = [
            "input": input, "backend": .string((backend ?? bench.name).rawValue), "durability": "none",
        ]
        for member in more.members {
            if ["requires", "variables", "labels"].contains(member.name) {
                submission[member.name] = member.value
            } else {
                workflow[member.name] = member.value
            }
        }
        submission["workflow"] = .object(workflow)
        let sent = "the workflow " + ConformanceFailure.excerpt(JSONValue.object(submission).description, 900)
        do {
            let request = try SubmitRequest(decoding: submission, limits: bench.service.limits.workflow)
            return (try await bench.service.submit(request).snapshot.context.id, sent)
        } catch {
            throw ConformanceFailure(
                sent: sent, received: "a refusal: \(Self.text(error))", expected: "the workflow is accepted")
        }
    }

    /// Waits for a run to end.
    func end(of id: WorkflowID, _ sent: String, within time: Duration? = nil) async throws -> RunRecord {
        let time = time ?? scaled(.seconds(10))
        let snapshot = try await bench.service.wait(for: id, atMost: time)
        try Task.checkCancellation()
        guard snapshot.context.status.isFinished else {
            _ = try? await bench.service.cancel(id, reason: "the case is over")
            throw ConformanceFailure(
                sent: sent, received: "after \(DurationText.text(time)): \(RunRecord.text(snapshot.context))",
                expected: "the run ends")
        }
        return try await record(id, sent)
    }

    /// Asks a run to end.
    func cancel(_ id: WorkflowID) async { _ = try? await bench.service.cancel(id, reason: "the case asks for it") }

    /// Answers a node that waits for a person.
    func answer(_ node: NodeID, of id: WorkflowID, _ value: JSONValue) async throws {
        _ = try await bench.service.answer(node, of: id, .success(value))
    }

    /// What the engine knows of the backend.
    var knownCapabilities: BackendCapabilities? { bench.service.registry.backend(bench.name)?.capabilities }

    /// All that has happened in a run so far.
    func record(_ id: WorkflowID, _ sent: String) async throws -> RunRecord {
        var events: [RunEvent] = []
        var cursor = try await bench.service.events(of: id, after: 0)
        while let more = try await cursor.next(until: bench.service.clock.now), !more.isEmpty { events += more }
        return RunRecord(context: try await bench.service.load(id).context, events: events, sent: sent)
    }

    /// Waits until an event of a run is there.
    func event(_ id: WorkflowID, _ sent: String, _ what: String, _ matches: (RunEvent.Kind) -> Bool) async throws {
        var cursor = try await bench.service.events(of: id, after: 0)
        while let events = try await cursor.next() {
            if events.contains(where: { matches($0.kind) }) { return }
        }
        throw ConformanceFailure(sent: sent, received: try await record(id, sent).text, expected: what)
    }

    /// An error as people read it.
    static func text(_ error: any Error) -> String {
        switch error {
        case let error as ValidationError: error.issues.map(\.description).joined(separator: "; ")
        case ServiceError.invalid(let issues): issues.map(\.description).joined(separator: "; ")
        default: "\(error)"
        }
    }

    /// A value as a template that has it as its value: `${` begins an expression only where authors want one.
    static func literal(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text):
            .string(text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${"))
        case .array(let elements): .array(elements.map(literal))
        case .object(let object):
            .object(object.members.reduce(into: JSONObject()) { $0[$1.name] = literal($1.value) })
        default: value
        }
    }

    /// Whether two values are the same to every reader of JSON: 1 and 1.0 are.
    static func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { same($0, $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.members.allSatisfy { member in right[member.name].map { same(member.value, $0) } ?? false }
        case (.integer, .double), (.double, .integer): left.integer.map { $0 == right.integer } ?? false
        default: left == right
        }
    }
}
