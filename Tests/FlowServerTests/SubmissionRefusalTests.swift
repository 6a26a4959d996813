import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

/// What is understood and wrong: each gets its place and a detail that helps, and leaves no trace.
@Suite("refused submissions", .timeLimit(.minutes(1)))
struct SubmissionRefusalTests {
    /// A workflow that is wrong, where, and what the detail has to say.
    struct Graph: Sendable, CustomTestStringConvertible {
        let name: String
        let nodes: [JSONValue]
        let places: [String]
        let details: [String]

        var testDescription: String { name }
    }

    static let graphs: [Graph] = [
        Graph(
            name: "an id that occurs twice", nodes: [node("a"), node("b"), node("a")],
            places: ["/workflow/nodes/2/node_id"], details: ["the id \"a\" is taken by the node at /workflow/nodes/0"]),
        Graph(
            name: "an id that occurs three times", nodes: [node("a"), node("a"), node("a")],
            places: ["/workflow/nodes/1/node_id", "/workflow/nodes/2/node_id"], details: ["the id \"a\" is taken"]),
        Graph(
            name: "a dependency on no node", nodes: [node("a"), node("b", after: ["a", "ghost"])],
            places: ["/workflow/nodes/1/depends_on/1"], details: ["there is no node \"ghost\""]),
        Graph(
            name: "a dependency on itself", nodes: [node("a", after: ["a"])],
            places: ["/workflow/nodes/0/depends_on/0"], details: ["the node depends on itself"]),
        Graph(
            name: "a cycle of two", nodes: [node("a", after: ["b"]), node("b", after: ["a"])],
            places: ["/workflow/nodes/0/depends_on"], details: ["a cycle: a -> b -> a"]),
        Graph(
            name: "a cycle of four behind a node that is in none",
            nodes: [
                node("x", after: ["a"]), node("a", after: ["b"]), node("b", after: ["c"]), node("c", after: ["d"]),
                node("d", after: ["a"]),
            ],
            places: ["/workflow/nodes/1/depends_on"], details: ["a cycle: a -> b -> c -> d -> a"]),
        Graph(
            name: "two cycles",
            nodes: [
                node("a", after: ["b"]), node("b", after: ["a"]), node("c", after: ["d"]), node("d", after: ["c"]),
            ],
            places: ["/workflow/nodes/0/depends_on", "/workflow/nodes/2/depends_on"],
            details: ["a -> b -> a", "c -> d -> c"]),
        Graph(
            name: "all of it at once",
            nodes: [node("a", after: ["b"]), node("b", after: ["a"]), node("b", after: ["ghost"]), node("c", "odd")],
            places: [
                "/workflow/nodes/0/depends_on", "/workflow/nodes/2/node_id", "/workflow/nodes/2/depends_on/0",
                "/workflow/nodes/3/type",
            ],
            details: ["a -> b -> a", "the id \"b\" is taken", "no node \"ghost\"", "no node type \"odd\""]),
    ]

    @Test("a graph that cannot be run is refused with the place and the name of what is wrong", arguments: graphs)
    func graph(_ graph: Graph) async throws {
        try await Self.refuses { client in
            let response = try await client.send("POST", "/workflows", ["workflow": workflow(graph.nodes)])
            #expect(response.status == 422 && response.isProblem, "\(response.text)")
            #expect(response.places.sorted() == graph.places.sorted(), "\(response.text)")
            for detail in graph.details { #expect(response.details.contains(detail), "\(response.text)") }
        }
    }

    @Test("a workflow of as many nodes as the limit is taken, one of more is not")
    func tooManyNodes() async throws {
        var options = TestServer.Options()
        options.limits.workflow.nodes = 3
        func body(_ count: Int) -> JSONValue { ["workflow": workflow((0..<count).map { node("n\($0)") })] }
        try await Self.refuses(options) { client in
            for path in ["/workflows", "/workflows/match"] {
                let response = try await client.send("POST", path, body(4))
                #expect(response.status == 422 && response.isProblem && response.places == ["/workflow/nodes"])
                #expect(response.details.contains("4 nodes are more than the limit of 3"))
            }
            #expect(try await client.send("POST", "/workflows/match", body(3)).status == 200)
        }
    }

    static let unknownFields: [(name: String, body: JSONValue, place: String)] = [
        ("of a submission", ["workflow": workflow([node("a")]), "odd": 1], "/odd"),
        ("of a workflow", ["workflow": ["name": "x", "nodes": [node("a")], "odd": 1]], "/workflow/odd"),
        ("of a node", ["workflow": workflow([node("a"), extended("b", ["odd": 1])])], "/workflow/nodes/1/odd"),
        (
            "whose name needs escapes", ["workflow": workflow([extended("a", ["a/b~c": 1])])],
            "/workflow/nodes/0/a~1b~0c"
        ),
        (
            "of a node",
            ["workflow": workflow([extended("a", ["retries": 3])])],
            "/workflow/nodes/0/retries"
        ),
        (
            "of a configuration", ["workflow": workflow([node("a", "set", ["value": 1, "odd": 1])])],
            "/workflow/nodes/0/config/odd"
        ),
        (
            "of a configuration that takes none", ["workflow": workflow([node("a", "passthrough", ["odd": 1])])],
            "/workflow/nodes/0/config/odd"
        ),
    ]

    @Test("a field that is not known is refused and never ignored", arguments: unknownFields.indices)
    func unknownField(index: Int) async throws {
        let (name, body, place) = Self.unknownFields[index]
        try await Self.refuses { client in
            let response = try await client.send("POST", "/workflows", body)
            #expect(response.status == 422 && response.isProblem, "\(name)")
            #expect(response.places == [place] && response.details.contains("unknown field"), "\(response.text)")
        }
    }

    static let unknownBackends: [(body: JSONValue, place: String)] = [
        (["workflow": workflow([node("a")]), "backend": "odd"], "/backend"),
        (["workflow": ["name": "x", "nodes": [node("a")], "backend": "odd"]], "/workflow/backend"),
        (["workflow": workflow([node("a"), extended("b", ["backend": "odd"])])], "/workflow/nodes/1/backend"),
    ]

    @Test("a backend that is not there is refused with the names of those that are", arguments: unknownBackends.indices)
    func unknownBackend(index: Int) async throws {
        let (body, place) = Self.unknownBackends[index]
        try await Self.refuses { client in
            let response = try await client.send("POST", "/workflows", body)
            #expect(response.status == 422 && response.isProblem && response.places == [place], "\(response.text)")
            for name in ["\"odd\"", "\"native\"", "\"audited\""] {
                #expect(response.details.contains(name), "\(response.text)")
            }
        }
    }

    /// Calls `body` with a server of two backends and checks that what it was sent has changed nothing.
    static func refuses(
        _ options: TestServer.Options = TestServer.Options(), _ body: (TestClient) async throws -> Void
    ) async throws {
        try await TestServer.with(options) { server in
            let client = server.client
            let registration: JSONValue = ["name": "audited", "type": "logging", "config": ["log_level": "critical"]]
            #expect(try await client.send("POST", "/backends", registration).status == 201)
            let backends = try await client.send("GET", "/backends").json
            #expect(backends["backends"]?.array?.count == 2)
            try await body(client)
            #expect(try await client.send("GET", "/workflows").json["workflows"] == [])
            #expect(try await client.send("GET", "/backends").json == backends)
        }
    }
}
