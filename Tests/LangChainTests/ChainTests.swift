import FlowCore
import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("chains of LangChain", .timeLimit(.minutes(2)))
struct ChainTests {
    private static let model = "langchain_core.language_models.fake_chat_models:FakeListChatModel"
    private static func prompt(_ text: JSONValue, after: [String]? = nil) -> JSONValue {
        runnable("prompt", "langchain_core.prompts:ChatPromptTemplate.from_template", after: after, [text])
    }
    private static func fake(_ answer: JSONValue, after: [String]? = nil) -> JSONValue {
        runnable("model", model, after: after, config: ["kwargs": ["responses": [answer]]])
    }

    @Test("prompt, model and parser, token by token", arguments: [true, false])
    func promptModelParser(_ chains: Bool) async throws {
        try await LangChain.with(["chains": .bool(chains)]) { server in
            let parser = runnable("parser", "langchain_core.output_parsers:StrOutputParser")
            let run = try await server.runLangChain(
                [Self.prompt("Say {word} to {name}"), Self.fake("Grüße 👋"), parser],
                input: ["word": "hi", "name": "Ada"])
            #expect(run.json["status"] == "completed" && run.json["output"] == "Grüße 👋", "\(run.text)")
            let nodes = run.json["nodes"]
            let said = nodes?["prompt"]?["output_data"]?["kwargs"]?["messages"]?[0]
            #expect(said?["kwargs"]?["content"] == "Say hi to Ada")
            #expect(nodes?["model"]?["output_data"]?["kwargs"]?["content"] == "Grüße 👋")
            #expect(nodes?["model"]?["input_data"] == nodes?["prompt"]?["output_data"])
            let chunks = try await LangChain.chunks(server, run.json["workflow_id"]?.string ?? "")
            #expect(chunks == "Grüße 👋".map { ["content": .string(String($0))] })
        }
    }

    @Test("a serialized chain, and what of one is refused")
    func serialized() async throws {
        try await LangChain.with { server in
            let template: JSONValue = [
                "lc": 1, "type": "constructor", "id": ["langchain", "prompts", "prompt", "PromptTemplate"],
                "kwargs": ["input_variables": ["name"], "template": "Hello {name}", "template_format": "f-string"],
            ]
            let node = node("a", "runnable", ["serialized": template])
            let run = try await server.runLangChain([node], input: ["name": "Ada"])
            #expect(run.json["output"]?["kwargs"]?["text"] == "Hello Ada", "\(run.text)")
            for (id, type) in [
                (["os", "system"], "constructor"), (["langchain", "llms", "openai", "OpenAI"], "constructor"),
                (["PATH"], "secret"),
            ] as [(JSONValue, JSONValue)] {
                let bad: JSONValue = [
                    "serialized": ["lc": 1, "type": type, "id": id, "kwargs": JSONValue.object([:])]
                ]
                let refused = try await server.runLangChain([TestSupport.node("a", "runnable", bad)])
                #expect(refused.status == 422, "\(refused.text)")
                #expect(refused.places == ["/workflow/nodes/0/config/serialized"])
            }
        }
    }

    @Test("branches run at the same time, also within one object, and are joined")
    func parallel() async throws {
        let directory = try madeDirectory()
        try await LangChain.with { server in
            let (a, b) = (JSONValue.string(directory + "/a"), JSONValue.string(directory + "/b"))
            let run = try await server.runLangChain([
                node("start"), runnable("left", "pair", after: ["start"], [a, b]),
                runnable("right", "pair", after: ["start"], [b, a]),
                node("join", "passthrough", after: ["left", "right"]),
            ])
            #expect(run.json["output"] == ["left": "a", "right": "b"], "\(run.text)")
            let both = runnable(
                "both", "langchain_core.runnables:RunnableParallel",
                config: [
                    "kwargs": [
                        "loud": ["$import": "lc_samples:upper"],
                        "same": ["$factory": "langchain_core.runnables:RunnablePassthrough"],
                    ]
                ])
            let inner = try await server.runLangChain([both], input: "abc")
            #expect(inner.json["output"] == ["loud": "ABC", "same": "abc"], "\(inner.text)")
        }
    }

    @Test("a model calls a tool until it has its answer")
    func toolLoop() async throws {
        try await LangChain.with { server in
            let human: JSONValue = [
                "lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
                "kwargs": ["content": "Paris", "type": "human"],
            ]
            let agent = node(
                "agent", "loop",
                [
                    "nodes": [runnable("ask", "asks"), runnable("tools", "uses_tools")],
                    "until": "item[size(item) - 1].id[3] == 'AIMessage'", "max_iterations": 5,
                ])
            let run = try await server.runLangChain([agent], input: [human])
            #expect(run.json["status"] == "completed", "\(run.text)")
            let messages = run.json["output"]?.array ?? []
            #expect(messages.count == 4 && messages.last?["kwargs"]?["content"] == "It is sunny in Paris.")
            #expect(run.json["nodes"]?["agent[1].ask"]?["status"] == "completed")
        }
    }

    @Test("nodes of other types do what they do elsewhere, before and behind objects of LangChain")
    func callBack() async throws {
        try await LangChain.with { server in
            let run = try await server.runLangChain([
                node("a", "set", ["value": ["text": "${input.n}"]]), runnable("b", "echo"),
                node("c", "delay", ["duration": "1ms"]), node("d", "set", ["value": "${nodes.b.output.text}"]),
            ])
            #expect(run.json["output"] == 1 && run.json["status"] == "completed", "\(run.text)")
            #expect(run.json["nodes"]?["c"]?["backend"] == "lc")
            let failed = try await server.runLangChain([node("a", "fail", ["message": "no", "code": "mine"])])
            #expect(failed.json["nodes"]?["a"]?["error"]?["code"] == "mine", "\(failed.text)")
            let refused = try await server.runLangChain([node("a", "unheard_of"), node("b", "set", [:])])
            #expect(refused.status == 422 && refused.places.contains("/workflow/nodes/0/type"))
            #expect(refused.details.contains("it has runnable, passthrough"))
        }
    }

    @Test("every node of a chain runs once, in order", arguments: [true, false])
    func once(_ chains: Bool) async throws {
        let path = try madeDirectory() + "/notes"
        try await LangChain.with(["chains": .bool(chains)]) { server in
            for _ in 0..<20 {
                let names = ["a", "b", "c", "d", "e"]
                let run = try await server.runLangChain(
                    names.map { runnable($0, "notes", [.string(path), .string($0)]) }, ["durability": "none"])
                #expect(run.json["status"] == "completed", "\(run.text)")
            }
            #expect(try text(of: path) == String(repeating: "abcde", count: 20))
        }
    }

    @Test("LangChain's callbacks know the run")
    func tracing() async throws {
        try await LangChain.with { server in
            let run = try await server.runLangChain([runnable("first", "echo"), runnable("look", "sees")])
            let id = try #require(run.json["workflow_id"])
            let output = run.json["output"]
            #expect(output?["workflow_id"] == id && output?["workflow"] == "test", "\(run.text)")
            #expect(output?["node_id"] == "look" && output?["attempt"] == 1)
            #expect(output?["tags"]?.array?.contains(.string("workflow:" + (id.string ?? ""))) == true)
        }
    }

    @Test("five megabytes, and every kind of text, come through as they are")
    func payloads() async throws {
        try await LangChain.with { server in
            let large = JSONValue.string(String(repeating: "ü", count: 2_500_000))
            let big = try await server.runLangChain(
                [runnable("a", "echo"), node("b"), runnable("c", "same")], input: large)
            #expect(big.json["output"] == large && big.json["status"] == "completed")
            let odd: JSONValue = [
                "a\u{0}b": "line\u{2028}sep \u{1F600} e\u{301} \"\\\n",
                "n": [9_007_199_254_740_993, -0.5, 1e300, true, .null],
            ]
            #expect(try await server.runLangChain([runnable("a", "same")], input: odd).json["output"] == odd)
        }
    }
}
