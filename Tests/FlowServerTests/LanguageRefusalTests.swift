import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

/// What is wrong with the workflow language is told before a run is accepted, with its place and column.
@Suite("refused expressions and policies", .timeLimit(.minutes(1)))
struct LanguageRefusalTests {
    static func each(_ config: JSONObject) -> JSONValue {
        var whole: JSONObject = ["items": [1], "nodes": [node("x")]]
        for member in config.members { whole[member.name] = member.value }
        return ["node_id": "e", "type": "for_each", "config": .object(whole)]
    }

    static let cases: [(nodes: [JSONValue], place: String, detail: String)] = [
        ([extended("a", ["when": "input.x >"])], "/0/when", "column"),
        ([extended("a", ["when": "1 +* 2"])], "/0/when", "column 4"),
        ([extended("a", ["when": true])], "/0/when", "expected a string"),
        ([extended("a", ["when": "nothing.x"])], "/0/when", "there is no variable \"nothing\" at column 1"),
        ([extended("a", ["when": "true && nodes.b.output"])], "/0/when", "there is no node \"b\" at column 9"),
        ([extended("a", ["when": "nodes.b.output"]), node("b")], "/0/when", "comes later"),
        ([extended("a", ["when": "nodes.a.output"])], "/0/when", "cannot read itself"),
        ([node("a"), extended("b", ["when": "nodes.a.result"])], "/1/when", "not \"result\""),
        ([extended("a", ["when": "item > 1"])], "/0/when", "bodies"),
        ([extended("a", ["when": "secrets.k == ''"])], "/0/when", "secrets"),
        ([extended("a", ["when": "workflow.owner == ''"])], "/0/when", "not \"owner\""),
        ([node("a", "set", ["value": "${input.a} and ${input.}"])], "/0/config/value", "column"),
        ([node("a", "set", ["value": ["x": ["${1 +"]]])], "/0/config/value/x/0", "column"),
        ([extended("a", ["input": ["x": "${nope}"]])], "/0/input/x", "there is no variable"),
        ([extended("a", ["join": "some"])], "/0/join", "\"any\" or \"all\""),
        ([extended("a", ["retry": ["max_attempts": 0]])], "/0/retry/max_attempts", "from 1"),
        ([extended("a", ["retry": ["jitter": 2]])], "/0/retry/jitter", "from 0"),
        ([extended("a", ["retry": ["odd": 2]])], "/0/retry/odd", "unknown field"),
        ([extended("a", ["total_timeout": "soon"])], "/0/total_timeout", "duration"),
        ([extended("a", ["on_error": "ignore"])], "/0/on_error", "continue_with"),
        ([extended("a", ["on_error": ["continue_with": "${error.}"]])], "/0/on_error/continue_with", "column"),
        ([extended("a", ["on_error": ["fallback": [:]]])], "/0/on_error/fallback", "type"),
        ([extended("a", ["on_error": ["fallback": ["type": "odd"]]])], "/0/on_error/fallback/type", "node type"),
        ([extended("a", ["on_error": ["fallback": ["type": "loop"]]])], "/0/on_error/fallback/type", "own kind"),
        ([node("a", "condition")], "/0/config", "routes"),
        ([node("a", "condition", ["routes": [["to": "b"]]])], "/0/config/routes/0/to", "there is no node"),
        (
            [node("b"), node("a", "condition", ["routes": [["to": "b"]]])], "/1/config/routes/0/to",
            "does not come behind"
        ),
        (
            [node("a", "condition", ["routes": [["to": "b"], ["when": "true", "to": "b"]]]), node("b")],
            "/0/config/routes/0", "hides"
        ),
        ([node("a", "for_each", ["items": [1]])], "/0/config", "nodes"),
        ([each(["items": 3])], "/0/config/items", "a list"),
        ([each(["nodes": []])], "/0/config/nodes", "at least one"),
        ([each(["nodes": [node("x"), node("x")]])], "/0/config/nodes/1/node_id", "is taken"),
        ([each(["nodes": [node("x", "odd")]])], "/0/config/nodes/0/type", "node type"),
        ([each(["on_item_error": "odd"])], "/0/config/on_item_error", "continue"),
        ([each(["output": "${nodes.y.output}"])], "/0/config/output", "there is no node \"y\""),
        (
            [node("a", "loop", ["nodes": [node("x")]])], "/0/config", "max_iterations"
        ),
        (
            [node("a", "loop", ["nodes": [node("x")], "max_iterations": 1_000_000])], "/0/config/max_iterations",
            "10000"
        ),
        (
            [node("a", "loop", ["nodes": [node("x")], "max_iterations": 1, "until": "nodes.x.output"])],
            "/0/config/until", "there is no node"
        ),
        (
            [["node_id": "a", "type": "approval", "retry": ["max_attempts": 2]]], "/0/retry", "no work of its own"
        ),
    ]

    @Test("what is wrong is refused with its place", arguments: cases.indices)
    func refused(index: Int) async throws {
        let (nodes, place, detail) = Self.cases[index]
        try await SubmissionRefusalTests.refuses { client in
            let response = try await client.send("POST", "/workflows", ["workflow": workflow(nodes)])
            #expect(response.status == 422 && response.isProblem, "\(response.text)")
            #expect(response.places.contains("/workflow/nodes" + place), "\(response.text)")
            #expect(response.details.contains(detail), "\(response.text)")
        }
    }

    @Test("bodies may nest eight deep, and no deeper")
    func depth() async throws {
        func nested(_ depth: Int) -> JSONValue {
            depth == 0 ? node("x") : Self.each(["nodes": [nested(depth - 1)]])
        }
        try await TestServer.with { server in
            let body: JSONValue = ["workflow": workflow([nested(8)])]
            let run = try await server.client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"])
            #expect(run.json["status"] == "completed", "\(run.text)")
            let deeper = try await server.client.send("POST", "/workflows", ["workflow": workflow([nested(9)])])
            #expect(deeper.status == 422 && deeper.details.contains("nest deeper"))
        }
    }

    @Test(
        "what an expression costs too much fails its node, and the server goes on",
        arguments: [
            "size(input.list.map(a, input.list.map(b, input.list.map(c, input.list.map(d, a + b + c + d))))) > 0",
            "input.text.matches('(a+)+$') && input.list.all(x, input.list.all(y, input.list.all(z, input.list.all(w, true))))",
        ])
    func budget(expression: String) async throws {
        try await TestServer.with { server in
            let body: JSONValue = [
                "workflow": workflow([extended("a", ["when": .string(expression)])]),
                "input": [
                    "list": .array((0..<200).map { .integer($0) }), "text": .string(String(repeating: "a", count: 500)),
                ],
            ]
            let run = try await server.client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"]).json
            #expect(run["status"] == "failed" && run["error"]?["code"] == "expression_error", "\(run)")
            #expect(run["nodes"]?["a"]?["error"]?["details"]?["reason"] == "budget_exceeded")
            #expect(run["nodes"]?["a"]?["error"]?["details"]?["path"] == "/when")
        }
    }
}
