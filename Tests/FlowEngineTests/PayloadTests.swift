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

    @Test("values that share their parts are measured as they would be written, and end the run before it is too large")
    func explosion() async throws {
        var limits = EngineLimits()
        limits.payloadBytes = 100_000
        let native = NativeBackend(catalog: NodeTypeCatalog([PassthroughNode()]))
        try await Fixture.with(limits: limits) { request in
            try await native.executeNode(request)
        } _: { fixture in
            // Each level holds the one before it twice: written out, 60 levels would fill any memory.
            var nodes = [Node(id: "l0", type: "passthrough"), Node(id: "r0", type: "passthrough")]
            for level in 1..<60 {
                let before: [NodeID] = [NodeID("l\(level - 1)"), NodeID("r\(level - 1)")]
                nodes.append(Node(id: NodeID("l\(level)"), type: "passthrough", dependsOn: before))
                nodes.append(Node(id: NodeID("r\(level)"), type: "passthrough", dependsOn: before))
            }
            let context = try await fixture.end(of: try await fixture.submit(nodes))
            #expect(context.status == .failed && context.error?.code == .tooLarge)
        }
    }

    @Test("the outputs of a run together have a bound")
    func total() async throws {
        var limits = EngineLimits()
        limits.runBytes = 5000
        let native = NativeBackend(catalog: NodeTypeCatalog([LargeNode()]))
        try await Fixture.with(limits: limits) { request in
            try await native.executeNode(request)
        } _: { fixture in
            let nodes = (0..<6).map { Node(id: NodeID("n\($0)"), type: "large", config: ["bytes": 1000]) }
            let context = try await fixture.end(of: try await fixture.submit(nodes))
            #expect(context.status == .failed && context.error?.message.contains("5000 bytes") == true)
            #expect(context["n4"]?.status == .completed && context["n5"]?.status == .failed)
        }
    }

    @Test(
        "an output over the limit fails its node and run, and nothing behind it begins", arguments: [0, 1, 1_000_000])
    func tooLarge(excess: Int) async throws {
        let native = NativeBackend(catalog: NodeTypeCatalog([LargeNode(), PassthroughNode()]))
        var limits = EngineLimits()
        limits.payloadBytes = 1024
        try await Fixture.with(limits: limits) { request in
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
