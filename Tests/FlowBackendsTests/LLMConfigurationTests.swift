import FlowBackends
import FlowCore
import FlowJSON
import TestSupport
import Testing

@Suite("configurations of llm nodes", .timeLimit(.minutes(1)))
struct LLMConfigurationTests {
    private let type = LLMNode(calls: OutboundHTTP(policy: OutboundPolicy(allowsPrivate: true)))

    /// What is wrong beside a model and a prompt; `null` takes a field away.
    static let refused: [(more: JSONObject, places: [String])] = [
        (["model": .null], [""]), (["model": ""], ["/model"]), (["model": 7], ["/model"]), (["prompt": .null], [""]),
        (["prompt": 7], ["/prompt"]), (["system": []], ["/system"]),
        (["messages": [["role": "user", "content": ""]]], [""]),
        (["prompt": .null, "messages": []], ["/messages"]), (["prompt": .null, "messages": "hi"], ["/messages"]),
        (
            [
                "prompt": .null,
                "messages": [
                    7, ["role": "boss", "content": ""], ["role": "user"], ["role": "tool", "content": ""],
                    ["role": "user", "content": [["text": "a"]], "odd": 1], ["role": "user", "content": 1],
                    ["role": "assistant", "tool_calls": [["id": "x"]]], ["role": "user", "content": []],
                ],
            ],
            [
                "/messages/0", "/messages/1/role", "/messages/2", "/messages/3", "/messages/4/content/0",
                "/messages/4/odd", "/messages/5/content", "/messages/6/tool_calls/0", "/messages/7/content",
            ]
        ),
        (["base_url": "ftp://x"], ["/base_url"]), (["base_url": "http://x:65536"], ["/base_url"]),
        (["base_url": "http://x/#a"], ["/base_url"]),
        (["base_url": "http://u:p@x"], ["/base_url"]), (["base_url": "/v1"], ["/base_url"]),
        (["api_key": 7], ["/api_key"]), (["api_key": ""], ["/api_key"]), (["api_key": "a b"], ["/api_key"]),
        (["temperature": 2.1], ["/temperature"]), (["temperature": "1"], ["/temperature"]), (["top_p": -1], ["/top_p"]),
        (["max_tokens": 0], ["/max_tokens"]), (["max_completion_tokens": 1.5], ["/max_completion_tokens"]),
        (["seed": 1.5], ["/seed"]), (["stop": ""], ["/stop"]), (["stop": []], ["/stop"]),
        (["stop": ["a", "", 7]], ["/stop/1", "/stop/2"]), (["stop": ["a", "b", "c", "d", "e"]], ["/stop"]),
        (["tools": []], ["/tools"]), (["tools": [[:]]], ["/tools/0"]), (["tool_choice": 1], ["/tool_choice"]),
        (["response_schema": "x"], ["/response_schema"]), (["stream": "yes"], ["/stream"]),
        (
            ["headers": ["Host": "x", "Accept": "x", "content-type": "x"]],
            ["/headers/Accept", "/headers/Host", "/headers/content-type"]
        ),
        (["headers": ["A": "b\r\nC: d", "B": 1]], ["/headers/B", "/headers/A"]),
        (["api_key": "k", "headers": ["Authorization": "x"]], ["/headers/Authorization"]),
        (["max_response_bytes": 0], ["/max_response_bytes"]),
        (["max_response_bytes": 67_108_865], ["/max_response_bytes"]),
        (["n": 2, "seed": "x"], ["/seed", "/n"]),
    ]

    @Test("everything that is wrong is told with its place", arguments: refused.indices)
    func refusal(index: Int) {
        var config: JSONObject = ["model": "m", "prompt": "p"]
        for member in Self.refused[index].more.members {
            config[member.name] = member.value.isNull ? nil : member.value
        }
        #expect(type.validate(config).map(\.pointer.description) == Self.refused[index].places)
    }

    @Test("a model and a prompt are enough, and the schema lists every field that is read")
    func accepted() {
        #expect(type.validate(["model": "m", "prompt": ""]) == [])
        let names = type.description.configSchema["properties"]?.object?.names.sorted() ?? []
        let known = type.validate(["model": "m", "prompt": "p", "odd": 1]).first?.detail ?? ""
        #expect(names.count == 18 && names.allSatisfy { known.contains($0) }, "\(known)")
    }

    @Test("what is no key is not shown where it is refused")
    func key() async throws {
        for key in ["sk-é", "sk-1 2", "sk-1\n"] {
            let outcome = try await LLMHarness.ask("http://127.0.0.1:1", ["api_key": .string(key)])
            #expect(outcome.failure?.code == .invalid && outcome.failure?.message.contains("/api_key") == true)
            #expect(!outcome.everything.contains("sk-1") && !outcome.everything.contains("sk-é"))
        }
    }
}
