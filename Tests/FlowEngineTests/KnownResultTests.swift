import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

/// A backend that knows what comes of every node behind the first one.
private struct FarSighted: Backend {
    let inner: ScriptedBackend
    /// The nodes that it is asked about before they are executed.
    let asked: @Sendable (NodeRequest) -> NodeResult?

    var name: BackendName { inner.name }
    var type: String { inner.type }
    var capabilities: BackendCapabilities { inner.capabilities }
    var nodeTypes: [NodeTypeDescription] { [] }
    func validate(_ node: Node) async -> [ValidationIssue] { [] }
    func knownResult(of request: NodeRequest) -> NodeResult? { asked(request) }
    func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        try await inner.executeNode(request)
    }
}

@Suite("results that are known before a node is executed", .timeLimit(.minutes(1)))
struct KnownResultTests {
    private static func run(
        _ nodes: [Node], _ known: @escaping @Sendable (NodeRequest) -> NodeResult?
    ) async throws -> (context: WorkflowContext, executed: [String], events: [RunEvent]) {
        let inner = ScriptedBackend { .success(output: .string("made by \($0.node.id)")) }
        var options = TestServer.Options()
        options.backends = [FarSighted(inner: inner, asked: known)]
        return try await TestServer.with(options) { server in
            let submitted = try await server.service.submit(
                SubmitRequest(workflow: Workflow(name: "test", nodes: nodes)))
            let id = submitted.snapshot.context.id
            var events = try await server.service.events(of: id, after: 0)
            var all: [RunEvent] = []
            while let event = try await events.next() { all += event }
            return (try await server.service.load(id).context, inner.executed, all)
        }
    }

    private static let nodes = (["a", "b", "c"] as [NodeID]).map { Node(id: $0, type: "any") }

    @Test("are journaled as those of nodes that are executed, which these are not")
    func known() async throws {
        let inputs = Mutex<[JSONValue]>([])
        let (context, executed, events) = try await Self.run(Self.nodes) { request in
            guard request.node.id != "a" else { return nil }
            inputs.withLock { $0.append(request.input) }
            return .success(output: .string("known of \(request.node.id)"))
        }
        #expect(context.status == .completed && context.output == "known of c")
        #expect(executed.count == 1 && executed[0].hasSuffix("/a/1"))
        #expect(inputs.withLock { $0 } == ["made by a", "known of b"])
        let names = events.map { "\($0.kind)".prefix { $0 != "(" } }
        let pair: [Substring] = ["nodeStarted", "nodeCompleted"]
        #expect(names == ["workflowSubmitted", "workflowStarted"] + pair + pair + pair + ["workflowCompleted"])
    }

    @Test("fail their node as any other failure does")
    func failure() async throws {
        let (context, executed, _) = try await Self.run(Self.nodes) { request in
            request.node.id == "b" ? .failure(NodeFailure(.failed, "no")) : nil
        }
        #expect(context.status == .failed && context["b"]?.attempt?.error?.message == "no" && executed.count == 1)
        #expect(context["c"]?.attempt == nil)
    }
}
