import FlowCore
import FlowJSON
import TestSupport
import Testing

@Suite("retrievers, real model classes and tools", .timeLimit(.minutes(2)))
struct IntegrationTests {
    private static let openAI = "langchain_openai:ChatOpenAI"

    private static func model(_ service: FakeChatService, _ more: JSONObject = [:]) -> JSONValue {
        var kwargs: JSONObject = [
            "base_url": .string(service.url), "model": "fake-1", "api_key": "none", "max_retries": 0,
        ]
        for member in more.members { kwargs[member.name] = member.value }
        return runnable("model", openAI, config: ["kwargs": .object(kwargs)])
    }

    private static let allow: JSONObject = [
        "allow": ["langchain_core.*", "langchain_openai:*", "langchain_openai.*", "lc_samples:*"]
    ]

    @Test("a retriever gives documents, which the next node gets as such", arguments: [true, false])
    func retriever(_ chains: Bool) async throws {
        try await LangChain.with(["chains": .bool(chains)]) { server in
            let run = try await server.runLangChain(
                [runnable("find", "retriever"), runnable("text", "joins_texts")], input: "pears, apples")
            #expect(run.json["output"]?.string?.hasPrefix("Apples and pears / ") == true, "\(run.text)")
            let found = run.json["nodes"]?["find"]?["output_data"]
            #expect(found?.array?.count == 2, "\(run.text)")
            #expect(found?[0]?["id"] == ["langchain", "schema", "document", "Document"], "\(run.text)")
            #expect(found?[0]?["kwargs"]?["metadata"] == ["kind": "fruit"], "\(run.text)")
        }
    }

    @Test("ChatOpenAI streams what a service says, word by word")
    func streaming() async throws {
        try await FakeChatService.with({ ChatReply.answer("Grüße", to: $0) }) { service in
            try await LangChain.with(Self.allow) { server in
                let prompt = runnable(
                    "prompt", "langchain_core.prompts:ChatPromptTemplate.from_template", ["Say hi to {name}"])
                let parser = runnable("text", "langchain_core.output_parsers:StrOutputParser")
                let run = try await server.runLangChain([prompt, Self.model(service), parser], input: ["name": "Ada"])
                #expect(run.json["output"] == "Grüße", "\(run.text)")
                let id = run.json["workflow_id"]?.string ?? ""
                let chunks = try await LangChain.chunks(server, id).filter { $0["content"] != nil }
                #expect(chunks == "Grüße".map { ["content": .string(String($0))] })
                let asked = try #require(service.requests.first)
                #expect(asked.body["messages"] == [["role": "user", "content": "Say hi to Ada"]], "\(asked.body)")
                #expect(asked.body["stream"] == true && asked["authorization"] == "Bearer none")
            }
        }
    }

    @Test("what the service refuses fails the node, with the class of the error")
    func refused() async throws {
        let reply = ChatReply.error(401, "no such key", type: "invalid_request_error")
        try await FakeChatService.with({ _ in reply }) { service in
            try await LangChain.with(Self.allow) { server in
                let run = try await server.runLangChain([Self.model(service)], input: "hi")
                let error = run.json["nodes"]?["model"]?["error"]
                let name = error?["details"]?["exception"]?.string
                #expect(name?.hasSuffix("AuthenticationError") == true, "\(run.text)")
                #expect(error?["message"]?.string?.contains("no such key") == true, "\(run.text)")
            }
        }
    }

    @Test("ChatOpenAI calls a tool until it has its answer")
    func tools() async throws {
        let call: JSONValue = [
            "id": "call-1", "type": "function",
            "function": ["name": "look_outside", "arguments": "{\"city\": \"Paris\"}"],
        ]
        let answer: @Sendable (FakeChatService.Request) -> ChatReply = { request in
            let last = request.body["messages"]?.array?.last
            if last?["role"] == "tool" {
                return .answer("It is \(last?["content"]?.string ?? "").", to: request)
            }
            guard request.body["stream"]?.bool == true else {
                return .whole(
                    ["role": "assistant", "content": .null, "tool_calls": [call]], finish: "tool_calls")
            }
            var part = call.object ?? [:]
            part["index"] = 0
            return ChatReply(
                [.event(ChatReply.chunk(["role": "assistant", "tool_calls": [.object(part)]]))]
                    + ChatReply.ending("tool_calls"))
        }
        try await FakeChatService.with(answer) { service in
            try await LangChain.with(Self.allow) { server in
                let human: JSONValue = [
                    "lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
                    "kwargs": ["content": "How is Paris?", "type": "human"],
                ]
                let agent = node(
                    "agent", "loop",
                    [
                        "nodes": [
                            runnable("ask", "asks_agent", [.string(service.url)]), runnable("tools", "uses_tools"),
                        ],
                        "until": "item[size(item) - 1].id[3] == 'AIMessage'", "max_iterations": 5,
                    ])
                let run = try await server.runLangChain([agent], input: [human])
                #expect(run.json["status"] == "completed", "\(run.text)")
                let messages = run.json["output"]?.array ?? []
                #expect(messages.count == 4, "\(run.text)")
                #expect(messages.last?["kwargs"]?["content"] == "It is sunny in Paris.", "\(run.text)")
                let names = service.requests.first?.body["tools"]?.array?.compactMap { $0["function"]?["name"] }
                #expect(service.requests.count == 2 && names == ["look_outside"])
                // The words of a model that a function asks are parts of that node's result.
                let id = run.json["workflow_id"]?.string ?? ""
                let said = try await LangChain.chunks(server, id).compactMap { $0["content"]?.string }.joined()
                #expect(said == "It is sunny in Paris.", "\(said)")
            }
        }
    }
}
