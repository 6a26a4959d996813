import FlowBackends
import FlowCore
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

/// What came of an attempt at an `llm` node.
struct LLMOutcome: Sendable {
    var result: NodeResult
    /// What was handed out while it ran.
    var chunks: [JSONValue]

    var output: JSONValue? { if case .success(let output, _) = result { output } else { nil } }
    var metadata: JSONObject? { if case .success(_, let notes) = result { notes?.metadata } else { nil } }
    var failure: NodeFailure? { if case .failure(let failure) = result { failure } else { nil } }
    /// Everything that the node gave away, as text.
    var everything: String {
        "\(output ?? .null) \(metadata.map { "\($0)" } ?? "") \(failure?.json ?? .null) \(chunks)"
    }
}

/// Runs `llm` nodes by themselves.
enum LLMHarness {
    static let key = "sk-test-0123456789"

    /// One attempt at a node that asks "hi", with more configuration.
    ///
    /// - Parameter heard: Called with every part that is handed out, once it is.
    static func ask(
        _ url: String, _ more: JSONObject = [:], allowsPrivate: Bool = true, timeout: Duration = .seconds(600),
        clock: any WallClock = SystemClock(), heard: @escaping @Sendable (JSONValue) -> Void = { _ in }
    ) async throws -> LLMOutcome {
        var config: JSONObject = ["model": "fake-1", "prompt": "hi", "base_url": .string(url), "api_key": .string(key)]
        for member in more.members { config[member.name] = member.value.isNull ? nil : member.value }
        return try await run(config, allowsPrivate: allowsPrivate, timeout: timeout, clock: clock, heard: heard)
    }

    /// One attempt at a node with a configuration.
    static func run(
        _ config: JSONObject, allowsPrivate: Bool = true, timeout: Duration = .seconds(600),
        clock: any WallClock = SystemClock(), heard: @escaping @Sendable (JSONValue) -> Void = { _ in }
    ) async throws -> LLMOutcome {
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: allowsPrivate))
        let node = Node(id: "ask", type: "llm", config: config)
        let workflow = Workflow(name: "w", nodes: [node])
        let context = WorkflowContext(
            id: WorkflowID("run"), graph: WorkflowGraph(workflow), submission: Submission(workflow: workflow),
            submittedAt: Timestamp(milliseconds: 0))
        let chunks = Parts()
        let request = NodeRequest(
            node: node, input: .null, attempt: 1, run: RunInformation(context),
            deadline: clock.now.advanced(by: timeout), clock: clock,
            emit: { part in
                chunks.add(part)
                heard(part)
            })
        let native = NativeBackend(catalog: BuiltInNodeTypes.catalog(calls: calls))
        let result: Result<NodeResult, BackendError>
        do { result = .success(try await native.executeNode(request)) } catch { result = .failure(error) }
        await calls.shutdown()
        return LLMOutcome(result: try result.get(), chunks: chunks.all)
    }

    private final class Parts: Sendable {
        private let parts = Mutex<[JSONValue]>([])

        var all: [JSONValue] { parts.withLock { $0 } }

        func add(_ part: JSONValue) { parts.withLock { $0.append(part) } }
    }
}
