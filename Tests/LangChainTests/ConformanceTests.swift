import BackendTestSuite
import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

@Suite("backends of LangChain pass the suite whole", .timeLimit(.minutes(2)))
struct ConformanceTests {
    /// A model and a parser in one node, whose parts are texts.
    private static let streams = Sample(
        type: "runnable",
        config: [
            "factory": "langchain_core.runnables:RunnableSequence",
            "args": [
                [
                    "$factory": "langchain_core.language_models.fake_chat_models:FakeListChatModel",
                    "kwargs": ["responses": ["abcd"]],
                ], ["$factory": "langchain_core.output_parsers:StrOutputParser"],
            ],
        ], input: "say it", output: "abcd", chunks: ["a", "b", "c", "d"])
    private static let echoes = Sample(type: "runnable", config: ["factory": "lc_samples:same"])
    private static let fails = Sample(type: "runnable", config: ["factory": "lc_samples:raises"])

    @Test("with nodes of LangChain, one process or several", arguments: [1, 2])
    func suite(_ workers: Int64) async throws {
        try await LangChain.with(["workers": .integer(workers)]) { server in
            let backend = try #require(server.service.registry.backend("lc"))
            let samples = Samples([.streams: Self.streams, .echoes: Self.echoes, .fails: Self.fails])
            var runner = ConformanceRunner(BackendTestSuite(backend.backend, samples: samples))
            runner.caseTime = .seconds(60)
            runner.wholeTime = .seconds(110)
            runner.slack = .seconds(30)
            let report = try await runner.report()
            let text = report.text(name: "lc")
            #expect(report.hasPassed && report.level == .l3, "\(text)")
            // No node of it asks a person; its description has no samples; it declares what it can do.
            #expect(report.count(.skipped) <= 4, "\(text)")
        }
    }
}
