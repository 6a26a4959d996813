import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

/// What comes back.
@Suite("answers to llm nodes", .timeLimit(.minutes(1)))
struct LLMAnswerTests {
    static func outcome(_ reply: ChatReply, _ more: JSONObject = [:]) async throws -> LLMOutcome {
        try await FakeChatService.with { _ in
            reply
        } _: {
            try await LLMHarness.ask($0.url, more)
        }
    }

    static let metadata: JSONObject = ["model": "fake-1-0613", "finish_reason": "stop", "usage": ChatReply.usage]

    @Test("an answer as a whole becomes the output, with its cost beside it, and nothing is handed out before")
    func whole() async throws {
        let reply = ChatReply.whole(["role": "assistant", "content": "Hello.", "refusal": .null])
        // Asked for a stream too, some services answer as a whole.
        for streams in [false, true] {
            let outcome = try await Self.outcome(reply, ["stream": .bool(streams)])
            #expect(outcome.output == ["content": "Hello.", "finish_reason": "stop"])
            #expect(outcome.metadata == Self.metadata && outcome.chunks.isEmpty)
        }
    }

    @Test("the pieces of a stream are handed out in order, and together are the output")
    func streamed() async throws {
        let pieces = (0..<200).map { "\($0) " }
        let outcome = try await Self.outcome(.streamed(pieces, finish: "length"))
        #expect(outcome.chunks == pieces.map { ["content": .string($0)] })
        #expect(outcome.output == ["content": .string(pieces.joined()), "finish_reason": "length"])
        #expect(outcome.metadata?["usage"] == ChatReply.usage && outcome.metadata?["finish_reason"] == "length")
    }

    @Test("a piece is handed out while the service goes on, and a segment may end within a character")
    func segments() async throws {
        let gates = [Gate(), Gate(), Gate()]
        let event = Array("data: \(ChatReply.chunk(["content": "é🐱"]))\n\n".utf8)
        let e = try #require(event.firstIndex(of: 0xC3))
        let cat = try #require(event.firstIndex(of: 0xF0))
        let steps: [ChatReply.Step] = [
            .piece("a"), .wait(gates[0]), .send(Array(event[...e])), .wait(gates[1]),
            .send(Array(event[(e + 1)...cat + 1])),
            .wait(gates[2]), .send(Array(event[(cat + 2)...])), .piece("z"),
        ]
        let reply = ChatReply(steps + ChatReply.ending())
        try await FakeChatService.with { _ in
            reply
        } _: { service in
            let heard = Gate()
            let url = service.url
            async let asked = LLMHarness.ask(url) { _ in heard.open() }
            // The first piece has been heard although the answer stands still.
            _ = await heard.pass()
            for gate in gates {
                await gate.arrivals(1)
                gate.open()
            }
            let outcome = try await asked
            #expect(outcome.chunks == [["content": "a"], ["content": "é🐱"], ["content": "z"]])
            #expect(outcome.output?["content"] == "aé🐱z")
        }
    }

    static let chunk = "\(ChatReply.chunk(["content": "é1"]))"
    static let wires: [String] = [
        // Comments, other fields, and what no reader knows.
        ": hello\n\n:\n\nevent: message\nid: 7\nretry: 10\nodd\ndata: \(chunk)\n\n",
        // Without the space, and with a mark of the byte order before all.
        "\u{FEFF}data:\(chunk)\n\n",
        // Lines end in three ways.
        "data: \(chunk)\r\n\r\n", "data: \(chunk)\r\r", ": x\r\n\r\ndata: \(chunk)\r\n\n",
        // An event of several lines is one text.
        "data: \(chunk.replacing("\"delta\"", with: "\ndata: \"delta\""))\n\n", "data\ndata: \(chunk)\n\n",
        "data: \(chunk.replacing("\"delta\"", with: "\r\ndata: \"delta\""))\r\n\r\n",
    ]

    @Test("events are read as the format has them, at once and byte by byte", arguments: wires.indices)
    func wire(index: Int) async throws {
        let bytes = Array(Self.wires[index].utf8)
        for steps in [[ChatReply.Step.send(bytes)], bytes.map { .send([$0]) }] {
            let outcome = try await Self.outcome(ChatReply(steps + ChatReply.ending()))
            #expect(outcome.chunks == [["content": "é1"]], "\(outcome)")
            #expect(outcome.output?["content"] == "é1")
        }
    }

    @Test("a stream may end without its last event, once the model has said why it stopped, and without a count")
    func bare() async throws {
        let last: ChatReply.Step = .event(ChatReply.chunk(["content": "b"], finish: "stop"))
        let outcome = try await Self.outcome(ChatReply([.piece("a"), last]))
        #expect(outcome.output == ["content": "ab", "finish_reason": "stop"])
        #expect(outcome.metadata == ["model": "fake-1-0613", "finish_reason": "stop"])
    }

    @Test("nothing that comes behind the last event counts, and nobody waits for it")
    func behind() async throws {
        let gate = Gate()
        let reply = ChatReply([.piece("a")] + ChatReply.ending() + [.wait(gate)])
        try await FakeChatService.with { _ in
            reply
        } _: { service in
            let outcome = try await LLMHarness.ask(service.url)
            #expect(outcome.output?["content"] == "a")
            _ = await service.left.pass()
        }
    }

    @Test("an answer by a schema is a value, streamed or not", arguments: [true, false])
    func value(streams: Bool) async throws {
        let config: JSONObject = ["response_schema": ["type": "object"], "stream": .bool(streams)]
        try await FakeChatService.with {
            .answer("{\"n\":[1,2.5]}", to: $0)
        } _: { service in
            let outcome = try await LLMHarness.ask(service.url, config)
            #expect(outcome.output == ["content": ["n": [1, 2.5]], "finish_reason": "stop"])
            #expect(outcome.metadata == Self.metadata && outcome.chunks.isEmpty == !streams)
        }
    }

    static let unreadable: [(text: String, finish: String)] = [
        ("Sure! {}", "stop"), ("{\"n\":[1,", "length"), ("", "stop"), ("{} {}", "stop"),
    ]

    @Test("an answer by a schema that is no JSON is worth another attempt", arguments: unreadable.indices)
    func invalid(index: Int) async throws {
        let (text, finish) = Self.unreadable[index]
        let reply = ChatReply.streamed(text.isEmpty ? [] : [text], finish: finish)
        let failure = try #require(try await Self.outcome(reply, ["response_schema": [:]]).failure)
        #expect(failure.code == .invalidOutput && failure.retriable && failure.message.contains("not JSON"))
        #expect(failure.details == ["content": .string(text), "finish_reason": .string(finish)])
    }

    @Test("a refusal is told apart from an answer")
    func refusal() async throws {
        let reply = ChatReply.whole(["role": "assistant", "content": .null, "refusal": "I cannot."])
        let outcome = try await Self.outcome(reply)
        #expect(outcome.output == ["content": "", "finish_reason": "stop", "refusal": "I cannot."])
        let failure = try await Self.outcome(reply, ["response_schema": [:]]).failure
        #expect(failure?.code == .invalidOutput && failure?.message.contains("refused") == true)
        #expect(failure?.details?["content"] == "I cannot.")
    }

    @Test("calls of tools are put together from their pieces, with their arguments as values")
    func tools() async throws {
        func piece(_ index: JSONValue, _ more: JSONObject, _ arguments: String) -> ChatReply.Step {
            var call: JSONObject = ["index": index, "function": ["arguments": .string(arguments)]]
            for member in more.members { call[member.name] = member.value }
            return .event(ChatReply.chunk(["tool_calls": [.object(call)]]))
        }
        let first: JSONObject = ["id": "c1", "type": "function", "function": ["name": "f", "arguments": ""]]
        let second: JSONObject = ["id": "c2", "type": "function", "function": ["name": "g", "arguments": "oh"]]
        let steps = [
            piece(0, first, ""), piece(0, [:], "{\"a\""), piece(1, second, ""), piece(0, [:], ":1}"),
        ]
        let outcome = try await Self.outcome(ChatReply(steps + ChatReply.ending("tool_calls")))
        #expect(
            outcome.output == [
                "content": "", "finish_reason": "tool_calls",
                "tool_calls": [
                    ["id": "c1", "name": "f", "arguments": ["a": 1]], ["id": "c2", "name": "g", "arguments": "oh"],
                ],
            ])
        #expect(outcome.chunks.isEmpty)
        // As a whole they have no numbers.
        let function: JSONValue = ["name": "f", "arguments": "{\"a\":1}"]
        let calls: JSONValue = [
            ["id": "c1", "type": "function", "function": function],
            ["id": "c2", "type": "function", "function": function],
        ]
        let whole = try await Self.outcome(
            .whole(["role": "assistant", "content": .null, "tool_calls": calls], finish: "tool_calls"))
        #expect(whole.output?["tool_calls"]?.array?.map { $0["id"] } == ["c1", "c2"])
        #expect(whole.output?["tool_calls"]?[0]?["arguments"] == ["a": 1])
    }
}
