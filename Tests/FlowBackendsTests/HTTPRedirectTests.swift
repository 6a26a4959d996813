import FlowBackends
import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("redirects of http nodes", .timeLimit(.minutes(1)))
struct HTTPRedirectTests {
    static let secrets: JSONObject = [
        "Authorization": "Bearer secret", "Cookie": "session=secret", "X-Custom": "kept",
    ]

    @Test("a redirect is followed, to a path as to a URL", arguments: [301, 302, 303, 307, 308])
    func followed(status: Int) async throws {
        try await RecordingServer.with { request in
            switch request.path {
            case "/a/start": .redirect(status, to: "next?x=1")
            case "/a/next": .redirect(status, to: "//\(request["host"] ?? "")/end")
            default: .text("there", type: "text/plain")
            }
        } _: { service in
            let output = try await HTTPCallTests.output([
                "url": .string(service.url + "/a/start"), "headers": .object(Self.secrets),
            ])
            #expect(output["body"] == "there")
            #expect(service.requests.map(\.path) == ["/a/start", "/a/next", "/end"])
            #expect(service.requests[1].query == "x=1" && service.requests[2].query == nil)
            // It is the same server all the way, which may know what it knew.
            #expect(service.requests.allSatisfy { $0["authorization"] == "Bearer secret" && $0["cookie"] != nil })
        }
    }

    @Test("what authenticates with one server is not told to another, nor to the first on the way back")
    func origins() async throws {
        try await RecordingServer.with { _ in
            .text("there", type: "text/plain")
        } _: { last in
            try await RecordingServer.with { [url = last.url] _ in
                .redirect(307, to: url + "/last")
            } _: { middle in
                try await RecordingServer.with { [url = middle.url] _ in
                    .redirect(307, to: url + "/middle")
                } _: { first in
                    let output = try await HTTPCallTests.output([
                        "url": .string(first.url), "headers": .object(Self.secrets),
                    ])
                    #expect(output["body"] == "there")
                    #expect(first.requests.first?["authorization"] == "Bearer secret")
                    for request in middle.requests + last.requests {
                        #expect(request["authorization"] == nil && request["cookie"] == nil)
                        // Any field may hold a key: only those that cannot are told to others.
                        #expect(request["x-custom"] == nil)
                    }
                    #expect(middle.requests.count == 1 && last.requests.count == 1)
                }
            }
        }
    }

    static let methods: [(method: String, status: Int, next: String)] = [
        ("POST", 301, "GET"), ("POST", 302, "GET"), ("POST", 303, "GET"), ("POST", 307, "POST"), ("POST", 308, "POST"),
        ("PUT", 301, "PUT"), ("PUT", 302, "PUT"), ("PUT", 303, "GET"), ("PUT", 307, "PUT"), ("DELETE", 303, "GET"),
    ]

    @Test("the method and the body are kept or become a GET, as the status says", arguments: methods.indices)
    func method(index: Int) async throws {
        let (method, status, next) = Self.methods[index]
        try await RecordingServer.with { request in
            request.path == "/start" ? .redirect(status, to: "/end") : .text("there", type: "text/plain")
        } _: { service in
            let output = try await HTTPCallTests.output([
                "url": .string(service.url + "/start"), "method": .string(method), "body": ["a": 1],
            ])
            let end = try #require(service.requests.last)
            #expect(output["body"] == "there" && end.path == "/end" && end.method == next)
            #expect(end.body == (next == "GET" ? "" : "{\"a\":1}"))
            #expect(end["content-type"] == (next == "GET" ? nil : "application/json"))
        }
    }

    @Test(
        "a redirect to an address that may not be called is refused, whoever answers it",
        arguments: [
            "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://0.0.0.0/", "http://2852039166/",
            "http://[::ffff:169.254.169.254]/",
        ])
    func forbidden(target: String) async throws {
        try await RecordingServer.with { _ in
            .redirect(302, to: target)
        } _: { service in
            let failure = try await HTTPCallTests.failure(["url": .string(service.url)])
            #expect(failure.code == .forbidden && !failure.retriable, "\(failure)")
            #expect(service.requests.count == 1)
        }
    }

    @Test(
        "a redirect to what is no URL for a call is refused",
        arguments: [
            "ftp://127.0.0.1/", "file:///etc/passwd", "javascript:alert(1)", "http://u:p@127.0.0.1/", "http://",
            "http://127.0.0.1:70000/",
        ])
    func unusable(target: String) async throws {
        try await RecordingServer.with { _ in
            .redirect(302, to: target)
        } _: { service in
            let failure = try await HTTPCallTests.failure(["url": .string(service.url)])
            #expect(failure.code == .failed && failure.message.contains("no http URL"), "\(failure)")
            #expect(service.requests.count == 1)
        }
    }

    @Test("a circle of redirects ends, and one that leads nowhere is an answer like any other")
    func circle() async throws {
        try await RecordingServer.with { request in
            request.path == "/nowhere" ? RecordedReply(302) : .redirect(302, to: request.path)
        } _: { service in
            let failure = try await HTTPCallTests.failure(["url": .string(service.url + "/circle")])
            #expect(failure.code == .failed && failure.message.contains("more than 5 times"), "\(failure)")
            #expect(service.requests.count == 6)
            let nowhere = try await HTTPCallTests.failure(["url": .string(service.url + "/nowhere")])
            #expect(nowhere.code == .httpStatus && nowhere.details?["status"] == 302)
        }
    }

    @Test("a redirect that shall not be followed is an answer like any other")
    func stays() async throws {
        try await RecordingServer.with { _ in
            .redirect(302, to: "/end")
        } _: { service in
            let output = try await HTTPCallTests.output([
                "url": .string(service.url), "follow_redirects": false, "expect": [302],
            ])
            #expect(output["status"] == 302 && output["headers"]?["location"] == "/end")
            #expect(service.requests.count == 1)
        }
    }
}
