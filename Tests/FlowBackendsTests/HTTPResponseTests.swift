import FlowBackends
import FlowCore
import FlowJSON
import FlowSystem
import FlowTesting
import TestSupport
import Testing

@Suite("responses to http nodes", .timeLimit(.minutes(1)))
struct HTTPResponseTests {
    static let forms: [(form: String, type: String, body: [UInt8], value: JSONValue)] = [
        ("json", "text/plain", Array("{\"a\":[1]}".utf8), ["a": [1]]), ("json", "x/y", Array("null".utf8), .null),
        ("text", "application/json", Array("{\"a\":1}".utf8), "{\"a\":1}"), ("text", "x/y", [], ""),
        ("base64", "application/json", Array("{}".utf8), "e30="), ("base64", "x/y", [0xFF, 0], "/wA="),
        ("base64", "x/y", [], ""),
        ("auto", "application/json", Array("{\"a\":1}".utf8), ["a": 1]),
        ("auto", "Application/Problem+JSON; charset=utf-8", Array("[1]".utf8), [1]),
        ("auto", "application/json", Array("{\"a\":".utf8), "{\"a\":"),
        ("auto", "text/plain", Array("{\"a\":1}".utf8), "{\"a\":1}"), ("auto", "text/plain", Array("é".utf8), "é"),
        ("auto", "text/plain", [0xFF, 0], "/wA="), ("auto", "application/json", [], .null),
    ]

    @Test("a body becomes what the node asked for, or what its type says", arguments: forms.indices)
    func form(index: Int) async throws {
        let (form, type, body, value) = Self.forms[index]
        try await RecordingServer.with { _ in
            RecordedReply(200, [("Content-Type", type), ("X-Many", "1"), ("X-Many", "2")], body: body)
        } _: { service in
            let output = try await HTTPCallTests.output(["url": .string(service.url), "response": .string(form)])
            #expect(output["status"] == 200 && output["body"] == value)
            #expect(output["headers"]?["content-type"] == .string(type) && output["headers"]?["x-many"] == "1, 2")
        }
    }

    static let broken: [(form: String, body: [UInt8], says: String)] = [
        ("json", Array("<html>".utf8), "the response is not JSON"), ("json", [], "the response is not JSON"),
        ("json", Array("{\"a\":1,\"a\":2}".utf8), "the response is not JSON"),
        ("json", Array("{} {}".utf8), "the response is not JSON"),
        ("json", [0x22, 0xFF, 0x22], "the response is not JSON"), ("text", [0xFF], "not text in UTF-8"),
    ]

    @Test("a body that is not what the node asked for fails it, and says why", arguments: broken.indices)
    func unreadable(index: Int) async throws {
        let (form, body, says) = Self.broken[index]
        try await RecordingServer.with { request in
            RecordedReply(request.path == "/bad" ? 502 : 200, [("Content-Type", "application/json")], body: body)
        } _: { service in
            let config: JSONObject = ["response": .string(form)]
            var fine = config
            fine["url"] = .string(service.url + "/")
            let failure = try await HTTPCallTests.failure(fine)
            #expect(failure.code == .failed && !failure.retriable && failure.message.contains(says), "\(failure)")
            // Of an answer that was not expected at all the status counts, not its body.
            var bad = config
            bad["url"] = .string(service.url + "/bad")
            let status = try await HTTPCallTests.failure(bad)
            #expect(status.code == .httpStatus && status.retriable && status.details?["status"] == 502)
        }
    }

    @Test("a body of the limit is taken and one of a byte more is not, with its length or in chunks")
    func sizes() async throws {
        for isChunked in [false, true] {
            try await RecordingServer.with { request in
                var reply = RecordedReply.text(
                    String(repeating: "x", count: Int(request.query ?? "") ?? 0), type: "text/plain")
                reply.isChunked = isChunked
                return reply
            } _: { service in
                let url = service.url + "/?"
                let fits = try await HTTPCallTests.output([
                    "url": .string(url + "5000"), "max_response_bytes": 5000, "response": "text",
                ])
                #expect(fits["body"]?.string?.count == 5000)
                for size in ["5001", "3000000"] {
                    let failure = try await HTTPCallTests.failure([
                        "url": .string(url + size), "max_response_bytes": 5000,
                    ])
                    #expect(failure.code == .tooLarge && !failure.retriable && failure.message.contains("5000"))
                }
                // Without a limit of its own a node takes a mebibyte.
                #expect(try await HTTPCallTests.failure(["url": .string(url + "1048577")]).code == .tooLarge)
                #expect(try await HTTPCallTests.output(["url": .string(url + "1048576")])["status"] == 200)
            }
        }
    }

    @Test("a service that does not answer until the node's deadline fails it with a timeout")
    func timeout() async throws {
        let gate = Gate()
        try await RecordingServer.with { _ in
            _ = await gate.pass()
            return RecordedReply()
        } _: { service in
            let result = try await HTTPNodeTests.call(["url": .string(service.url)], timeout: .milliseconds(200))
            let failure = try #require(HTTPNodeTests.failure(result))
            #expect(failure.code == .timeout && failure.retriable)
            gate.open()
        }
    }

    /// An answer whose body stops behind its first part, until the client has left.
    static func stalled(_ ended: Gate) -> RecordedReply {
        var reply = RecordedReply.text("first", type: "text/plain")
        reply.gate = Gate()
        reply.ended = ended
        return reply
    }

    @Test("a body that does not end until the node's timeout fails its run, and the connection is given up")
    func endless() async throws {
        let ended = Gate()
        let clock = ManualClock()
        try await RecordingServer.with { _ in
            Self.stalled(ended)
        } _: { service in
            var options = TestServer.Options()
            options.clock = clock
            try await TestServer.with(options) { server in
                let call = node("a", "http", ["url": .string(service.url)], ["timeout": "1h"])
                let path = try await server.client.send("POST", "/workflows", ["workflow": workflow([call])])[
                    "location"]
                try await until { !service.requests.isEmpty }
                clock.advance(by: .seconds(3600))
                let run = try await server.client.send("GET", "\(path ?? "")?wait=20").json
                #expect(run["status"] == "failed" && run["nodes"]?["a"]?["error"]?["code"] == "timeout")
                _ = await ended.pass()
            }
        }
    }

    @Test("a call whose body never ends is ended by the call itself when its time is over")
    func endlessCall() async throws {
        let ended = Gate()
        let clock = ManualClock()
        try await RecordingServer.with { _ in
            Self.stalled(ended)
        } _: { service in
            let url = service.url
            // By the system's time the call may take much longer than this test.
            let call = Task {
                try await HTTPNodeTests.call(["url": .string(url)], timeout: .seconds(3600), clock: clock)
            }
            await clock.sleepers(1)
            try await until { !service.requests.isEmpty }
            clock.advance(by: .seconds(3600))
            let failure = try #require(HTTPNodeTests.failure(try await call.value))
            #expect(failure.code == .timeout && failure.retriable && failure.message.contains("1h"))
            _ = await ended.pass()
        }
    }

    @Test("a call that is cancelled ends as a cancellation, before the answer as within it", arguments: [false, true])
    func cancelled(isWithin: Bool) async throws {
        let gate = Gate()
        let ended = Gate()
        try await RecordingServer.with { _ in
            if isWithin { return Self.stalled(ended) }
            _ = await gate.pass()
            ended.open()
            return RecordedReply()
        } _: { service in
            let url = service.url
            let call = Task { try await HTTPNodeTests.call(["url": .string(url)]) }
            try await until { !service.requests.isEmpty }
            call.cancel()
            do {
                let result = try await call.value
                Issue.record("it ended with \(result)")
            } catch let error as BackendError {
                #expect(error.code == .cancelled)
            }
            _ = await ended.pass()
        }
    }
}
