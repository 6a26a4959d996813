import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("failures of llm nodes", .timeLimit(.minutes(1)))
struct LLMFailureTests {
    static let key = LLMHarness.key

    private func failure(_ reply: ChatReply, _ more: JSONObject = [:]) async throws -> NodeFailure {
        let outcome = try await LLMAnswerTests.outcome(reply, more)
        #expect(!outcome.everything.contains(Self.key))
        return try #require(outcome.failure, "\(outcome)")
    }

    static let statuses: [(status: Int, code: NodeFailure.Code, isRetriable: Bool)] = [
        (400, .httpStatus, false), (401, .forbidden, false), (403, .forbidden, false), (404, .httpStatus, false),
        (408, .httpStatus, true), (429, .httpStatus, true), (500, .httpStatus, true), (501, .httpStatus, false),
        (503, .httpStatus, true), (304, .httpStatus, false),
    ]

    @Test("a status says what is wrong and whether another attempt may help; the key is not told", arguments: statuses)
    func status(status: Int, code: NodeFailure.Code, isRetriable: Bool) async throws {
        let reply = ChatReply.error(status, "no \(Self.key) here", type: "some_error", code: "some_code")
        let failure = try await failure(reply)
        #expect(failure.code == code && failure.retriable == isRetriable && failure.message.contains("\(status)"))
        #expect(failure.details?["status"] == .integer(Int64(status)))
        guard status != 304 else { return }
        #expect(failure.details?["error"]?["type"] == "some_error" && failure.details?["error"]?["code"] == "some_code")
        // Those who refuse a key quote parts of it, so that what they say is left out.
        #expect(failure.details?["error"]?["message"] == (code == .forbidden ? nil : "no [redacted] here"))
    }

    @Test("a status counts whatever body comes with it")
    func bodies() async throws {
        let replies = [
            ChatReply(status: 503, type: "text/html", [.text("<html>")]),
            ChatReply(status: 503, type: "application/json", [.cut]),
            ChatReply(status: 503, type: "application/json", [.text(String(repeating: "x", count: 5000))]),
        ]
        for reply in replies {
            let failure = try await failure(reply, ["max_response_bytes": 4000])
            #expect(failure.code == .httpStatus && failure.retriable && failure.details == ["status": 503])
        }
        let text = try await failure(.json(["error": "model not found"], status: 404))
        #expect(text.details == ["status": 404, "error": ["message": "model not found"]])
    }

    static let truncated: [[ChatReply.Step]] = [
        [], [.cut], [.piece("a")], [.piece("a"), .cut], [.piece("a"), .text("data: {\"choi"), .cut],
        [.piece("a"), .text("data: {\"choi")], [.piece("a"), .text("data: [DONE]")],
    ]

    @Test("a stream that ends too early is worth another attempt", arguments: truncated.indices)
    func truncation(index: Int) async throws {
        let failure = try await failure(ChatReply(Self.truncated[index]))
        #expect(failure.code == .unavailable && failure.retriable, "\(failure)")
    }

    static let malformed: [ChatReply] = [
        ChatReply([.text("data: {\n\n")]), ChatReply([.text("data: 7\n\n")]), ChatReply([.event(["odd": 1])]),
        ChatReply([.send(Array("data: {\"choices\":[],\"x\":\"".utf8) + [0xFF] + Array("\"}\n\n".utf8))]),
        ChatReply([.event(ChatReply.chunk("text"))]), ChatReply([.event(ChatReply.chunk(["content": 7]))]),
        ChatReply([.event(ChatReply.chunk([:], finish: 7))]), ChatReply([.piece("a"), .done]),
        ChatReply([.event(ChatReply.chunk(["tool_calls": ["odd"]]))]), ChatReply([.done]),
        .json(["choices": []]), .json("hello"), ChatReply(type: "text/html", [.text("<html>")]),
        .json(["choices": [["message": ["content": "a"]]]]),
    ]

    @Test("what is no answer of the protocol is worth another attempt", arguments: malformed.indices)
    func nonsense(index: Int) async throws {
        let failure = try await failure(Self.malformed[index])
        #expect(
            failure.code == .failed && failure.retriable && failure.message.contains("cannot be read"), "\(failure)")
    }

    @Test("an error within a stream ends it")
    func error() async throws {
        let error: JSONValue = ["message": .string("overloaded, \(Self.key)"), "type": "server_error", "code": .null]
        let steps: [ChatReply.Step] = [.piece("a"), .event(["error": error]), .piece("b"), .done]
        let failure = try await failure(ChatReply(steps))
        #expect(failure.code == .failed && failure.retriable)
        #expect(failure.details == ["error": ["type": "server_error", "message": "overloaded, [redacted]"]])
    }

    @Test("a key that the service repeats is in no part, output or note", arguments: [true, false])
    func echo(streams: Bool) async throws {
        let text = "you sent \(Self.key)!"
        let config: JSONObject = ["stream": .bool(streams)]
        let reply = streams ? ChatReply.streamed([text]) : .whole(["content": .string(text)])
        let outcome = try await LLMAnswerTests.outcome(reply, config)
        #expect(outcome.output?["content"] == "you sent [redacted]!" && !outcome.everything.contains(Self.key))
        #expect(outcome.chunks == (streams ? [["content": "you sent [redacted]!"]] : []))
    }

    static let split: [(said: [String], handed: [String])] = [
        (["say sk-te", "st-01234", "56789 and s", "k", "-", "o"], ["say ", "[redacted] and ", "sk-o"]),
        (["the end s"], ["the end ", "s"]), (LLMHarness.key.map { String($0) }, ["[redacted]"]),
        (["sk-sk-test-012345678", "9!"], ["sk-", "[redacted]!"]),
        (["ssk-test-012345678", "é"], ["s", "sk-test-012345678é"]),
    ]

    @Test("a key is found although it is split over pieces, and all else is handed out", arguments: split.indices)
    func pieces(index: Int) async throws {
        let (said, handed) = Self.split[index]
        let outcome = try await LLMAnswerTests.outcome(.streamed(said))
        #expect(outcome.chunks == handed.map { ["content": .string($0)] })
        #expect(outcome.output?["content"] == .string(handed.joined()))
    }

    @Test("a key in a header is none the less one, and a word that stands for no key is none")
    func otherKeys() async throws {
        let reply = ChatReply.streamed(["you sent azure-key-1 and none"])
        let config: JSONObject = ["api_key": "none", "headers": ["X-Api-Key": "azure-key-1", "X-Trace": "you sent"]]
        let outcome = try await LLMAnswerTests.outcome(reply, config)
        #expect(outcome.output?["content"] == "you sent [redacted] and none")
        #expect(outcome.chunks == [["content": "you sent [redacted] and none"]])
    }

    @Test("an answer of the bound is taken and one of a byte more is not, streamed or as a whole")
    func sizes() async throws {
        let steps: [ChatReply.Step] = [.piece("hello")] + ChatReply.ending()
        let size = steps.reduce(0) { if case .send(let bytes) = $1 { $0 + bytes.count } else { $0 } }
        for reply in [ChatReply(steps), .whole(["content": .string(String(repeating: "x", count: size - 300))])] {
            let whole = reply.steps.reduce(0) { if case .send(let bytes) = $1 { $0 + bytes.count } else { $0 } }
            let fits = try await LLMAnswerTests.outcome(reply, ["max_response_bytes": .integer(Int64(whole))])
            #expect(fits.output != nil, "\(fits)")
            let failure = try await failure(reply, ["max_response_bytes": .integer(Int64(whole - 1))])
            #expect(failure.code == .tooLarge && !failure.retriable && failure.message.contains("\(whole - 1)"))
        }
    }

    @Test("an endless stream is given up at the bound")
    func endless() async throws {
        let gate = Gate()
        let steps = (0..<50).map { ChatReply.Step.piece("\($0)") } + [.wait(gate)]
        try await FakeChatService.with { _ in
            ChatReply(steps)
        } _: { service in
            let outcome = try await LLMHarness.ask(service.url, ["max_response_bytes": 2000])
            #expect(outcome.failure?.code == .tooLarge)
            _ = await service.left.pass()
        }
    }

    @Test("a stream that stands still until the attempt's time is over fails it, and is closed")
    func timeout() async throws {
        let clock = ManualClock()
        let reply = ChatReply([.piece("a"), .wait(Gate())])
        try await FakeChatService.with { _ in
            reply
        } _: { service in
            let heard = Gate()
            let url = service.url
            async let asked = LLMHarness.ask(url, timeout: .seconds(3600), clock: clock) { _ in heard.open() }
            _ = await heard.pass()
            await clock.sleepers(1)
            clock.advance(by: .seconds(3600))
            let outcome = try await asked
            #expect(outcome.failure?.code == .timeout && outcome.failure?.retriable == true)
            #expect(outcome.chunks == [["content": "a"]])
            _ = await service.left.pass()
        }
    }

    @Test("a node that is cancelled closes the connection, before the answer as within it", arguments: [true, false])
    func cancelled(isWithin: Bool) async throws {
        let gate = Gate()
        let reply = ChatReply(isWithin ? [.piece("a"), .wait(gate)] : [.wait(gate)])
        try await FakeChatService.with { _ in
            reply
        } _: { service in
            let heard = Gate()
            let url = service.url
            let asked = Task { try await LLMHarness.ask(url) { _ in heard.open() } }
            if isWithin { _ = await heard.pass() } else { await gate.arrivals(1) }
            asked.cancel()
            let error = await #expect(throws: BackendError.self) { try await asked.value }
            #expect(error?.code == .cancelled)
            _ = await service.left.pass()
        }
    }

    @Test("the key goes to the service alone: not to where it redirects, and nowhere that may not be called")
    func elsewhere() async throws {
        try await FakeChatService.with {
            .answer("there", to: $0)
        } _: { last in
            var reply = ChatReply(status: 307, type: "text/plain", [])
            reply.fields.append(("Location", last.url + "/chat/completions"))
            try await FakeChatService.with { [reply] _ in
                reply
            } _: { first in
                let followed = try await LLMHarness.ask(first.url)
                #expect(followed.output?["content"] == "there")
                #expect(first.requests.first?["authorization"] == "Bearer \(Self.key)")
                let request = try #require(last.requests.first)
                #expect(request["authorization"] == nil && request.body["model"] == "fake-1")
                let refused = try await LLMHarness.ask(first.url, allowsPrivate: false)
                #expect(refused.failure?.code == .forbidden && first.requests.count == 1)
            }
        }
    }
}
