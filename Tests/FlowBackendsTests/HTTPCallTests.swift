import FlowBackends
import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

/// What goes out and what comes back, seen by the service that is called.
@Suite("calls of http nodes", .timeLimit(.minutes(1)))
struct HTTPCallTests {
    /// The output of a call that has to succeed.
    static func output(_ config: JSONObject) async throws -> JSONValue {
        switch try await HTTPNodeTests.call(config) {
        case .success(let output, _): return output
        case .failure(let failure): throw failure
        case .interrupted(let prompt): throw NodeFailure(.failed, "interrupted: \(prompt)")
        }
    }

    /// The failure of a call that has to fail.
    static func failure(_ config: JSONObject) async throws -> NodeFailure {
        try #require(HTTPNodeTests.failure(try await HTTPNodeTests.call(config)))
    }

    static let queries: [(url: String, query: JSONObject, sent: String?)] = [
        ("/q", [:], nil), ("/q?kept=1", [:], "kept=1"), ("/q#part", ["a": "1"], "a=1"), ("/q?", ["a": "1"], "&a=1"),
        ("/q?kept=a%20b", ["a": "1"], "kept=a%20b&a=1"),
        ("/q", ["q": "a b&c=d/é+%?#"], "q=a%20b%26c%3Dd%2F%C3%A9%2B%25%3F%23"),
        ("/q", ["a b&": "x"], "a%20b%26=x"), ("/q", ["plain": "A-z_0.9~"], "plain=A-z_0.9~"),
        ("/q", ["n": 3, "x": 1.5, "yes": true, "empty": ""], "n=3&x=1.5&yes=true&empty="),
        ("/q", ["b": "1", "a": "2"], "b=1&a=2"),
    ]

    @Test("parameters are added to those of the URL, encoded and in order", arguments: queries.indices)
    func query(index: Int) async throws {
        let (url, query, sent) = Self.queries[index]
        try await RecordingServer.with { _ in
            RecordedReply()
        } _: { service in
            _ = try await Self.output(["url": .string(service.url + url), "query": .object(query)])
            #expect(service.requests.map(\.path) == ["/q"] && service.requests.map(\.query) == [sent])
        }
    }

    static let bodies: [(body: JSONValue, headers: JSONObject, sent: String, type: String)] = [
        (["b": [1, .null], "a": "é"], [:], "{\"b\":[1,null],\"a\":\"é\"}", "application/json"),
        ([], [:], "[]", "application/json"), (.null, [:], "null", "application/json"),
        (7, [:], "7", "application/json"), ("plain é", [:], "plain é", "text/plain; charset=utf-8"),
        ("<a/>", ["content-type": "application/xml"], "<a/>", "application/xml"),
        (["a": 1], ["Content-Type": "application/merge-patch+json"], "{\"a\":1}", "application/merge-patch+json"),
    ]

    @Test("a text is sent as it is and anything else as JSON, each with its type", arguments: bodies.indices)
    func body(index: Int) async throws {
        let (body, headers, sent, type) = Self.bodies[index]
        try await RecordingServer.with { _ in
            RecordedReply()
        } _: { service in
            for method in ["POST", "PUT", "PATCH"] {
                _ = try await Self.output([
                    "url": .string(service.url), "method": .string(method), "body": body, "headers": .object(headers),
                ])
                let request = try #require(service.requests.last)
                #expect(request.method == method && request.body == sent)
                #expect(request["content-type"] == type && request["content-length"] == "\(sent.utf8.count)")
            }
        }
    }

    @Test("headers are sent as they stand; a key of the node's own wins, and a read carries none")
    func headers() async throws {
        try await RecordingServer.with { _ in
            RecordedReply()
        } _: { service in
            let headers: JSONObject = [
                "X-Custom": "a b; c=\"d\"", "Accept": "text/csv", "Authorization": "Bearer secret",
            ]
            func send(_ method: String, _ headers: JSONObject) async throws -> RecordedRequest {
                _ = try await Self.output([
                    "url": .string(service.url), "method": .string(method), "headers": .object(headers),
                ])
                return try #require(service.requests.last)
            }
            let read = try await send("GET", headers)
            #expect(read["x-custom"] == "a b; c=\"d\"" && read["accept"] == "text/csv")
            #expect(read["authorization"] == "Bearer secret" && read["idempotency-key"] == nil)
            #expect(read["host"] == String(service.url.dropFirst("http://".count)))
            let first = try await send("DELETE", headers)["idempotency-key"]
            #expect(first?.isEmpty == false)
            #expect(try await send("POST", headers)["idempotency-key"] == first)
            #expect(try await send("POST", ["idempotency-key": "mine"])["idempotency-key"] == "mine")
        }
    }

    static let statuses: [(status: Int, expect: JSONValue?, isExpected: Bool)] = [
        (200, nil, true), (299, nil, true), (304, nil, false), (404, nil, false), (500, nil, false),
        (201, [201], true), (200, [201], false), (404, [200, 404], true), (404, ["4xx"], true), (500, ["4xx"], false),
        (503, ["2xx", "5xx"], true), (302, ["3xx"], true), (418, ["2xx", 418], true), (200, [], false),
    ]

    @Test("a status is a success when it is among those that are expected", arguments: statuses.indices)
    func expected(index: Int) async throws {
        let (status, expect, isExpected) = Self.statuses[index]
        try await RecordingServer.with { _ in
            RecordedReply(status)
        } _: { service in
            var config: JSONObject = ["url": .string(service.url)]
            if let expect { config["expect"] = expect }
            let result = try await HTTPNodeTests.call(config)
            if isExpected {
                guard case .success(let output, _) = result else {
                    Issue.record("\(result)")
                    return
                }
                #expect(output["status"] == .integer(Int64(status)))
            } else {
                let failure = HTTPNodeTests.failure(result)
                #expect(failure?.code == .httpStatus && failure?.details?["status"] == .integer(Int64(status)))
            }
        }
    }

    @Test(
        "a status that may be another the next time is worth another attempt",
        arguments: [
            (400, false), (401, false), (404, false), (408, true), (409, false), (425, true), (429, true), (500, true),
            (501, false), (502, true), (503, true), (504, true),
        ])
    func retriable(status: Int, isRetriable: Bool) async throws {
        try await RecordingServer.with { _ in
            .text("{\"why\":\"so\"}", type: "application/problem+json", status: status)
        } _: { service in
            let failure = try await Self.failure(["url": .string(service.url)])
            #expect(failure.code == .httpStatus && failure.retriable == isRetriable)
            #expect(failure.details?["body"] == ["why": "so"])
            // A body that is no JSON does not hide the status.
            let text = try await Self.failure(["url": .string(service.url), "response": "text"])
            #expect(text.code == .httpStatus && text.details?["body"] == "{\"why\":\"so\"}")
        }
    }
}
