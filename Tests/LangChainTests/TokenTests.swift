import FlowCore
import FlowJSON
import TestSupport
import Testing

@Suite("what models say within other Runnables", .timeLimit(.minutes(2)))
struct TokenTests {
    /// The output of one node, and the parts that were handed out.
    private static func run(
        _ server: TestServer, _ node: JSONValue, input: JSONValue = ["topic": "tea"]
    ) async throws -> (output: JSONValue?, chunks: [JSONValue]) {
        let run = try await server.runLangChain([node], input: input)
        #expect(run.json["status"] == "completed", "\(run.text)")
        return (run.json["output"], try await LangChain.chunks(server, run.json["workflow_id"]?.string ?? ""))
    }

    private static func letters(_ text: String) -> [JSONValue] { text.map { ["content": .string(String($0))] } }

    @Test(
        "are parts of the result when the Runnable has none of its own",
        arguments: ["measures", "rewrites", "holds", "falls_back"])
    func nested(_ sample: String) async throws {
        try await LangChain.with { server in
            let (output, chunks) = try await Self.run(server, runnable("a", sample, ["héllo"]))
            #expect(output == (sample == "measures" ? 5 : "HÉLLO"))
            #expect(chunks == Self.letters("héllo"))
            let (same, none) = try await Self.run(server, runnable("a", sample, ["héllo"], config: ["stream": false]))
            #expect(same == output && none.isEmpty)
        }
    }

    @Test("are not told twice when the Runnable hands its own parts out")
    func own() async throws {
        try await LangChain.with { server in
            let (output, chunks) = try await Self.run(server, runnable("a", "says", ["abc"]))
            #expect(output == "abc" && chunks == ["a", "b", "c"])
        }
    }

    @Test("are told when the node asks for it, also where nothing shows that there is a model")
    func asked() async throws {
        try await LangChain.with { server in
            let (silent, none) = try await Self.run(server, runnable("a", "hides", ["abc"]))
            #expect(silent == "ABC" && none.isEmpty)
            let (output, chunks) = try await Self.run(server, runnable("a", "hides", ["abc"], config: ["stream": true]))
            #expect(output == "ABC" && chunks == Self.letters("abc"))
        }
    }

    @Test("come with errors, time limits and cancellations as elsewhere")
    func faults() async throws {
        try await LangChain.with(["timeout": "500ms"]) { server in
            let failed = try await server.runLangChain([runnable("a", "says_and_raises", ["abc"])])
            let error = failed.json["nodes"]?["a"]?["error"]
            #expect(error?["message"] == "ValueError: after all", "\(failed.text)")
            let trace = error?["details"]?["traceback"]?.string ?? ""
            #expect(trace.contains("in speak") && !trace.contains("langchain_core/tracers"), "\(trace)")
            let id = failed.json["workflow_id"]?.string ?? ""
            #expect(try await LangChain.chunks(server, id) == Self.letters("abc"))
            let late = try await server.runLangChain([runnable("a", "says_and_waits", ["abc"])])
            #expect(late.json["nodes"]?["a"]?["error"]?["code"] == "timeout", "\(late.text)")
            #expect(try await LangChain.processes(server).count == 1)
        }
    }

    @Test("count against the largest output")
    func tooMuch() async throws {
        try await LangChain.with { server in
            let run = try await server.runLangChain([runnable("a", "says_without_end")])
            #expect(run.json["nodes"]?["a"]?["error"]?["code"] == "too_large", "\(run.text)")
        }
    }
}
