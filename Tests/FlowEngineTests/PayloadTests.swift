import FlowBackends
import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("sizes of outputs", .timeLimit(.minutes(1)))
struct PayloadTests {
    /// Makes a text whose JSON has as many bytes as it is told.
    struct LargeNode: NodeType {
        let description = NodeTypeDescription(name: "large", summary: "Makes a text.", configSchema: [:])

        func validate(_ config: JSONObject) -> [ValidationIssue] { [] }

        func execute(_ request: NodeRequest) -> NodeResult {
            let size = Int(request.node.config["bytes"]?.integer ?? 0)
            return .success(output: .string(String(repeating: "x", count: size - 2)))
        }
    }

    @Test(
        "an output over the limit fails its node and run, and nothing behind it begins", arguments: [0, 1, 1_000_000])
    func tooLarge(excess: Int) async throws {
        let native = NativeBackend(
            catalog: NodeTypeCatalog([LargeNode(), PassthroughNode()]),
            contract: BackendContract(maxPayloadBytes: 1024))
        let directory = temporaryDirectory()
        try await Fixture.with(directory: directory) { request in
            try await native.executeNode(request)
        } _: { fixture in
            let id = try await fixture.submit([
                Node(id: "a", type: "large", config: ["bytes": .integer(Int64(1024 + excess))]),
                Node(id: "b", type: "passthrough"),
            ])
            let context = try await fixture.end(of: id)
            if excess == 0 {
                #expect(context.status == .completed && context.output?.string?.count == 1022)
            } else {
                #expect(context.status == .failed && context.error?.code == .tooLarge)
                #expect(context["a"]?.status == .failed && context["a"]?.attempt?.error?.code == .tooLarge)
                #expect(
                    context["a"]?.attempt?.error?.message.contains("1024") == true && context["a"]?.outputData == nil)
                #expect(context["b"]?.status == .skipped && fixture.backend.executed.count == 1)
            }
        }
    }
}
