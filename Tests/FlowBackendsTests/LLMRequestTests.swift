import FlowJSON
import TestSupport
import Testing

/// What goes out, seen by the service.
@Suite("requests of llm nodes", .timeLimit(.minutes(1)))
struct LLMRequestTests {
    /// The request that a configuration makes.
    private func sent(_ more: JSONObject, query: String = "") async throws -> FakeChatService.Request {
        try await FakeChatService.with {
            .answer("ok", to: $0)
        } _: { service in
            let outcome = try await LLMHarness.ask(service.url + query, more)
            #expect(outcome.output == ["content": "ok", "finish_reason": "stop"], "\(outcome)")
            return try #require(service.requests.first)
        }
    }

    @Test("the short form is a system message and a user message; the answer is asked for as a stream with its usage")
    func short() async throws {
        let request = try await sent(["system": "Be brief."])
        #expect(request.line == "POST /v1/chat/completions HTTP/1.1")
        #expect(request["authorization"] == "Bearer \(LLMHarness.key)")
        #expect(request["content-type"] == "application/json")
        #expect(request["accept"] == "text/event-stream, application/json")
        #expect(request["idempotency-key"] == "run/ask/1")
        #expect(
            request.body == [
                "model": "fake-1",
                "messages": [
                    ["role": "system", "content": "Be brief."], ["role": "user", "content": "hi"],
                ],
                "stream": true, "stream_options": ["include_usage": true],
            ])
    }

    @Test("parameters are handed on as they stand, and those that are not given are not sent")
    func parameters() async throws {
        let parameters: JSONObject = [
            "temperature": 0.5, "top_p": 1, "max_tokens": 20, "max_completion_tokens": 30, "stop": ["a", "b"],
            "seed": -7, "tools": [["type": "function", "function": ["name": "f"]]], "tool_choice": "auto",
        ]
        var more = parameters
        more["stream"] = false
        let request = try await sent(more)
        var expected: JSONObject = ["model": "fake-1", "messages": [["role": "user", "content": "hi"]]]
        for member in parameters.members { expected[member.name] = member.value }
        expected["stream"] = false
        #expect(request.body == .object(expected))
        #expect(request["accept"] == "application/json")
    }

    @Test("messages are sent in their order, with parts and with calls of tools as an earlier node put them out")
    func messages() async throws {
        let parts: JSONValue = [
            ["type": "text", "text": "what is it?"], ["type": "image_url", "image_url": ["url": "data:,"]],
        ]
        let call: JSONValue = ["id": "c1", "name": "weather", "arguments": ["city": "Bonn"]]
        let wire: JSONValue = [
            "id": "c1", "type": "function", "function": ["name": "weather", "arguments": "{\"city\":\"Bonn\"}"],
        ]
        let request = try await sent([
            "prompt": .null,
            "messages": [
                ["role": "developer", "content": ""], ["role": "user", "content": parts, "name": "ann"],
                ["role": "assistant", "tool_calls": [call, wire]],
                ["role": "tool", "tool_call_id": "c1", "content": "rain"],
            ],
        ])
        #expect(
            request.body["messages"] == [
                ["role": "developer", "content": ""], ["role": "user", "content": parts, "name": "ann"],
                ["role": "assistant", "tool_calls": [wire, wire]],
                ["role": "tool", "tool_call_id": "c1", "content": "rain"],
            ])
    }

    @Test("a schema is asked for as the format of the response")
    func schema() async throws {
        let schema: JSONValue = ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"]]
        try await FakeChatService.with {
            .answer("{\"n\":1}", to: $0)
        } _: { service in
            _ = try await LLMHarness.ask(service.url, ["response_schema": schema])
            #expect(
                service.requests.first?.body["response_format"] == [
                    "type": "json_schema", "json_schema": ["name": "answer", "schema": schema, "strict": true],
                ])
        }
    }

    @Test("the path goes behind the base's, and the base's query stays at the end", arguments: ["", "/", "//"])
    func bases(slashes: String) async throws {
        let plain = try await sent([:], query: slashes)
        #expect(plain.line == "POST /v1/chat/completions HTTP/1.1")
        let versioned = try await sent([:], query: slashes + "?api-version=1&x=/")
        #expect(versioned.line == "POST /v1/chat/completions?api-version=1&x=/ HTTP/1.1")
    }

    @Test("headers of the node's own are sent, and without a key there is no authorization")
    func headers() async throws {
        let headers: JSONObject = ["api-key": "mine", "Idempotency-Key": "own"]
        let request = try await sent(["api_key": .null, "headers": .object(headers)])
        #expect(request["authorization"] == nil && request["api-key"] == "mine" && request["idempotency-key"] == "own")
        let other = try await sent(["api_key": .null, "headers": ["authorization": "Basic eA=="]])
        #expect(other["authorization"] == "Basic eA==")
    }
}
