import BackendTestSuite
import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

@Suite("distributed backends pass the suite whole", .timeLimit(.minutes(2)))
struct ConformanceTests {
    @Test("with one worker or several", arguments: [1, 2])
    func suite(_ workers: Int) async throws {
        let reply: @Sendable (FakeChatService.Request) -> ChatReply = { _ in .streamed(["a", "b", "c"]) }
        try await FakeChatService.with(reply) { model in
            let streams = Sample(
                type: "llm",
                config: ["model": "fake-1", "prompt": "hi", "base_url": .string(model.url), "stream": true],
                chunks: [["content": "a"], ["content": "b"], ["content": "c"]])
            try await withCluster(workers: workers, concurrency: 64) { server, _, _ in
                let backend = try #require(server.service.registry.backend("cluster"))
                var runner = ConformanceRunner(
                    BackendTestSuite(backend.backend, samples: Samples([.streams: streams])))
                runner.caseTime = .seconds(60)
                runner.wholeTime = .seconds(110)
                runner.slack = .seconds(30)
                let report = try await runner.report()
                let text = report.text(name: "cluster")
                #expect(report.hasPassed && report.level == .l3, "\(text)")
                // No node asks a person; the description has no samples; the backend declares what it can do.
                #expect(report.count(.skipped) <= 4, "\(text)")
            }
        }
    }
}
