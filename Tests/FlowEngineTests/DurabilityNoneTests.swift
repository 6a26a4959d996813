import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

/// Runs of which no journal knows begin without a task of their own.
@Suite("runs without durability on the native backend", .timeLimit(.minutes(1)))
struct DurabilityNoneTests {
    private static func nodes(_ types: [String]) -> [Node] {
        types.enumerated().map { index, type in
            var node = Node(id: NodeID("n\(index)"), type: type)
            if type == "delay" { node.config = ["duration": "1ms"] }
            return node
        }
    }

    @Test(
        "go the same way as durable ones, wherever they pause",
        arguments: [
            Array(repeating: "passthrough", count: 3),
            // More events than are made before others get the thread.
            Array(repeating: "passthrough", count: 700),
            ["passthrough", "delay", "passthrough"], ["delay"], ["passthrough", "fail", "passthrough"],
        ])
    func sameEvents(types: [String]) async throws {
        let workflow = Workflow(name: "test", nodes: Self.nodes(types))
        let (durable, volatile) = try await TestServer.with { server in
            var found: [[String]] = []
            for durability in [Durability.full, Durability.none] {
                var request = SubmitRequest(workflow: workflow)
                request.durability = durability
                let id = try await server.service.submit(request).snapshot.context.id
                var names: [String] = []
                var events = try await server.service.events(of: id, after: 0)
                while let page = try await events.next() {
                    names += page.map { String("\($0.kind)".prefix { $0 != "(" }) }
                }
                let context = try await server.service.load(id).context
                #expect(context.status == (types.contains("fail") ? .failed : .completed), "\(names.suffix(3))")
                found.append(names)
            }
            return (found[0], found[1])
        }
        #expect(volatile == durable)
        #expect(volatile.count >= 2 * types.prefix { $0 != "fail" }.count)
    }
}
