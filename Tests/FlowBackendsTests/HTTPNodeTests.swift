import FlowBackends
import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("http nodes, against the real server", .timeLimit(.minutes(1)))
struct HTTPNodeTests {
    static func call(
        _ config: JSONObject, allowsPrivate: Bool = true, timeout: Duration = .seconds(600),
        clock: any WallClock = SystemClock()
    ) async throws -> NodeResult {
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: allowsPrivate))
        let node = Node(id: "call", type: "http", config: config)
        let workflow = Workflow(name: "w", nodes: [node])
        let context = WorkflowContext(
            id: WorkflowID("run"), graph: WorkflowGraph(workflow), submission: Submission(workflow: workflow),
            submittedAt: Timestamp(milliseconds: 0))
        let request = NodeRequest(
            node: node, input: .null, attempt: 1, run: RunInformation(context),
            deadline: clock.now.advanced(by: timeout), clock: clock)
        let native = NativeBackend(catalog: BuiltInNodeTypes.catalog(calls: calls))
        let result: Result<NodeResult, BackendError>
        do { result = .success(try await native.executeNode(request)) } catch { result = .failure(error) }
        await calls.shutdown()
        return try result.get()
    }

    static func failure(_ result: NodeResult) -> NodeFailure? {
        if case .failure(let failure) = result { failure } else { nil }
    }

    @Test("the response becomes status, headers and body")
    func success() async throws {
        try await TestServer.with { server in
            let url = "http://127.0.0.1:\(server.client.port)"
            guard case .success(let output, _) = try await Self.call(["url": .string(url + "/livez")]) else {
                Issue.record("it failed")
                return
            }
            #expect(output["status"] == 200 && output["body"]?["status"] == "alive")
            #expect(output["headers"]?["content-type"] == "application/json")
            guard
                case .success(let text, _) = try await Self.call(["url": .string(url + "/livez"), "response": "base64"])
            else {
                Issue.record("it failed")
                return
            }
            #expect(text["body"] == "eyJzdGF0dXMiOiJhbGl2ZSJ9")
        }
    }

    @Test("a body is sent, with a key by which a repetition is known")
    func body() async throws {
        try await TestServer.with { server in
            let config: JSONObject = [
                "url": .string("http://127.0.0.1:\(server.client.port)/workflows"), "method": "POST", "expect": [202],
                "body": ["workflow": ["name": "inner", "nodes": [["node_id": "a", "type": "passthrough"]]]],
            ]
            let first = try await Self.call(config)
            let second = try await Self.call(config)
            guard case .success(let one, _) = first, case .success(let two, _) = second else {
                Issue.record("\(first) \(second)")
                return
            }
            #expect(one["body"]?["workflow_id"] == two["body"]?["workflow_id"])
            #expect(two["headers"]?["idempotency-replayed"] == "true")
        }
    }

    @Test("a status that is not expected, a large body and a redirect")
    func statuses() async throws {
        try await TestServer.with { server in
            let url = "http://127.0.0.1:\(server.client.port)"
            let missing = Self.failure(try await Self.call(["url": .string(url + "/nothing")]))
            #expect(missing?.code == .httpStatus && missing?.details?["status"] == 404 && missing?.retriable == false)
            guard case .success = try await Self.call(["url": .string(url + "/nothing"), "expect": [404]]) else {
                Issue.record("404 was expected")
                return
            }
            let large = Self.failure(
                try await Self.call(["url": .string(url + "/openapi.yaml"), "max_response_bytes": 100]))
            #expect(large?.code == .tooLarge)
            guard case .success(let followed, _) = try await Self.call(["url": .string(url + "/")]) else {
                Issue.record("the redirect was not followed")
                return
            }
            #expect(followed["body"]?.string?.contains("Flow Core") == true)
            let stayed = Self.failure(try await Self.call(["url": .string(url + "/"), "follow_redirects": false]))
            #expect(stayed?.details?["status"] == 307)
        }
    }

    @Test("nobody there is unavailable, and may be tried again")
    func nobodyThere() async throws {
        let failure = Self.failure(try await Self.call(["url": "http://127.0.0.1:1/"]))
        #expect(failure?.code == .unavailable && failure?.retriable == true)
        let unknown = Self.failure(try await Self.call(["url": "http://no-such-host.invalid/"]))
        #expect(unknown?.code == .unavailable)
    }

    @Test(
        "addresses on the same wire are never called, private ones only when that is allowed",
        arguments: [
            ("http://169.254.169.254/latest", true), ("http://[fe80::1]/", true), ("http://0.0.0.0/", true),
            ("http://[::ffff:169.254.169.254]/", true), ("http://2852039166/", true), ("http://127.0.0.1/", false),
            ("http://localhost/", false), ("http://[::1]/", false), ("http://10.0.0.1/", false),
            ("http://0x7f.1/", false),
            ("http://192.168.1.1/", false), ("http://[fd00::1]/", false),
        ])
    func forbidden(url: String, always: Bool) async throws {
        let failure = Self.failure(try await Self.call(["url": .string(url)], allowsPrivate: always))
        #expect(failure?.code == .forbidden, "\(url): \(String(describing: failure))")
    }

    static let refused: [(JSONObject, String)] = [
        ([:], ""), (["url": "ftp://x/"], "/url"), (["url": "http://127.0.0.1:99999"], "/url"),
        (["url": "/relative"], "/url"), (["url": "http://u:p@x/"], "/url"),
        (["url": "http://x/", "method": "BREW"], "/method"),
        (["url": "http://x/", "headers": ["Host": "y"]], "/headers/Host"),
        (["url": "http://x/", "headers": ["A": "b\r\nC: d"]], "/headers/A"),
        (["url": "http://x/", "expect": [99]], "/expect/0"),
        (["url": "http://x/", "query": ["a": []]], "/query/a"), (["url": "http://x/", "response": "xml"], "/response"),
        (["url": "http://x/", "retries": 1], "/retries"),
    ]

    @Test("a configuration is checked before anything runs", arguments: refused.indices)
    func configuration(index: Int) {
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: true))
        let issues = HTTPNode(calls: calls).validate(Self.refused[index].0)
        #expect(issues.map(\.pointer.description) == [Self.refused[index].1])
    }
}
