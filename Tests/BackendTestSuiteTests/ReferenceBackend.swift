import BackendTestSuite
import FlowBackends
import FlowCore
import FlowJSON

/// A backend that does all that is asked of one, with a node type for each kind of sample.
struct ReferenceBackend: Backend {
    let name: BackendName = "reference"
    let type = "reference"
    private let native: NativeBackend

    init(calls: OutboundHTTP) { native = NativeBackend(catalog: BuiltInNodeTypes.catalog(calls: calls)) }

    static let samples = Samples([
        .succeeds: Sample(type: "greet", input: ["name": "Ada"], output: ["greeting": "hello Ada"]),
        .fails: Sample(type: "fail", config: ["code": "mine", "message": "as it was told to"]),
        .echoes: Sample(type: "passthrough"),
        .waits: Sample(type: "delay", config: ["duration": "10m"]),
        .streams: Sample(
            type: "stream", config: ["parts": ["a", "b", "c", "d"]], output: "abcd", chunks: ["a", "b", "c", "d"]),
        .interrupts: Sample(type: "ask", config: ["prompt": "May I?"]),
        .calls: Sample(type: "http", config: ["method": "POST", "url": "{url}"]),
    ])

    var capabilities: BackendCapabilities {
        BackendCapabilities(streaming: true, parallel: true, async: true, distributed: false)
    }

    private static let own = ["greet", "stream", "ask"]

    var nodeTypes: [NodeTypeDescription] {
        native.nodeTypes
            + Self.own.map { NodeTypeDescription(name: $0, summary: "A sample.", configSchema: ["type": "object"]) }
    }

    func validate(_ node: Node) -> [ValidationIssue] { Self.own.contains(node.type) ? [] : native.validate(node) }

    func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        switch request.node.type {
        case "greet":
            guard let name = request.input["name"]?.string else {
                return .failure(NodeFailure(.invalid, "there is no name"))
            }
            return .success(output: ["greeting": .string("hello \(name)")])
        case "stream":
            let parts = request.node.config["parts"]?.array ?? []
            for part in parts { request.emit(part) }
            return .success(output: .string(parts.compactMap(\.string).joined()))
        case "ask": return .interrupted(prompt: request.node.config["prompt"] ?? .null)
        default: return try await native.executeNode(request)
        }
    }

    /// Calls `body` with a backend that can call out.
    static func with<Result>(_ body: (ReferenceBackend) async throws -> Result) async throws -> Result {
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: true))
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(ReferenceBackend(calls: calls))) } catch { result = .failure(error) }
        await calls.shutdown()
        return try result.get()
    }
}
