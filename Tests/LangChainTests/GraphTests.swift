import FlowCore
import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("graphs as chains of LangChain", .timeLimit(.minutes(2)))
struct GraphTests {
    /// What a run's events say, but for what is another one each time.
    private static func told(_ server: TestServer, _ run: TestResponse) async throws -> [String] {
        let id = try #require(run.json["workflow_id"]?.string, "\(run.text)")
        let events = try await server.client.send("GET", "/workflows/\(id)/events").json["events"]?.array ?? []
        return events.map { event in
            var fields = event.object ?? [:]
            for name in ["position", "time", "workflow_id", "identity"] { fields[name] = nil }
            return JSONValue.object(fields).description
        }
    }

    private static func condition(_ id: String, after: String, _ routes: [(when: String?, to: String)]) -> JSONValue {
        let all = routes.map { route -> JSONValue in
            var object: JSONObject = ["to": .string(route.to)]
            if let when = route.when { object["when"] = .string(when) }
            return .object(object)
        }
        return node(id, "condition", after: [after], ["routes": .array(all)])
    }

    /// Nodes, and which of them get what came before them as it was in Python when they are one chain.
    private static let graphs: [(name: String, nodes: [JSONValue], objects: [String])] = [
        (
            "branches that are joined, and what follows",
            [
                runnable("a", "gives", after: [], ["tuple"]), runnable("l", "kind", after: ["a"]),
                runnable("l2", "same", after: ["l"]), runnable("r", "kind", after: ["a"]),
                runnable("j", "same", after: ["r", "l2"]), runnable("z", "kind", after: ["j"]),
            ], ["l", "r"]
        ),
        (
            "branches that nothing joins",
            [
                runnable("a", "gives", after: [], ["tuple"]), runnable("l", "kind", after: ["a"]),
                runnable("r", "kind", after: ["a"]), runnable("m", "kind", after: ["a"]),
            ], ["l", "r", "m"]
        ),
        (
            "branches within branches",
            [
                runnable("a", "gives", after: [], ["tuple"]), runnable("l", "gives", after: ["a"], ["tuple"]),
                runnable("ll", "kind", after: ["l"]), runnable("lr", "kind", after: ["l"]),
                runnable("lj", "same", after: ["ll", "lr"]), runnable("r", "kind", after: ["a"]),
                runnable("j", "same", after: ["lj", "r"]),
            ], ["ll", "lr", "r"]
        ),
        (
            "a choice",
            [
                runnable("a", "gives", after: [], ["tuple"]), condition("c", after: "a", [("false", "x"), (nil, "y")]),
                runnable("x", "kind", after: ["c"]), runnable("y", "kind", after: ["c"]),
                runnable("y2", "same", after: ["y"]), runnable("j", "same", after: ["x", "y2"]),
            ], ["y"]
        ),
        (
            "a choice of nothing",
            [
                runnable("a", "gives", after: [], ["tuple"]), condition("c", after: "a", [("false", "x")]),
                runnable("x", "kind", after: ["c"]), runnable("x2", "kind", after: ["x"]),
            ], []
        ),
        (
            "a condition beside another node",
            [
                runnable("a", "gives", after: [], ["tuple"]), condition("c", after: "a", [("false", "x")]),
                runnable("x", "kind", after: ["c"]), runnable("j", "same", after: ["a"]),
            ], []
        ),
        (
            "a choice among branches, by what came before them",
            [
                runnable("a", "gives", after: [], ["tuple"]), runnable("l", "same", after: ["a"]),
                condition("c", after: "l", [("nodes.a.output[1] == 'two'", "x"), (nil, "y")]),
                runnable("x", "kind", after: ["c"]), runnable("y", "kind", after: ["c"]),
                runnable("r", "kind", after: ["a"]),
            ], ["x", "r"]
        ),
        (
            "a node that depends on more than what is joined",
            [
                runnable("a", "gives", after: [], ["tuple"]), runnable("l", "kind", after: ["a"]),
                runnable("r", "kind", after: ["a"]), runnable("j", "same", after: ["l", "r", "a"]),
            ], []
        ),
    ]

    @Test("events and outputs are the same as when the planner hands node after node out", arguments: graphs.indices)
    func same(_ index: Int) async throws {
        let graph = Self.graphs[index]
        try await LangChain.with { server in
            let chained = try await server.runLangChain(graph.nodes)
            let alone = LangChain.config(["chains": false])
            _ = try await server.client.send(
                "POST", "/backends", ["name": "alone", "type": "langchain", "config": .object(alone)])
            let planned = try await server.client.run(workflow(graph.nodes), ["backend": "alone"])
            #expect(chained.json["status"] == "completed" && planned.json["status"] == "completed", "\(chained.text)")
            func plain(_ events: [String]) -> [String] {
                events.map {
                    $0.replacing("\"alone\"", with: "\"lc\"").replacing("[\"tuple\",", with: "[\"list\",")
                }.sorted()
            }
            let (one, other) = (try await Self.told(server, chained), try await Self.told(server, planned))
            #expect(plain(one) == plain(other), "\(graph.name)")
            // What ends before something begins is told before it, whichever way.
            for node in graph.nodes {
                let id = node["node_id"]?.string ?? ""
                let start = one.firstIndex { $0.contains("\"node_started\"") && $0.contains("\"node_id\":\"\(id)\"") }
                for before in node["depends_on"]?.array ?? [] {
                    let end = one.firstIndex {
                        $0.contains("\"node_completed\"") && $0.contains("\"node_id\":\(before)")
                    }
                    if let start, let end { #expect(end < start, "\(graph.name): \(id)") }
                }
            }
            for id in ["l", "r", "m", "ll", "lr", "x", "y"] {
                guard let kind = chained.json["nodes"]?[id]?["output_data"]?[0]?.string else { continue }
                #expect(kind == (graph.objects.contains(id) ? "tuple" : "list"), "\(graph.name): \(id)")
            }
        }
    }

    @Test("what a branch does to its input is not seen by the others")
    func isolation() async throws {
        try await LangChain.with { server in
            let run = try await server.runLangChain([
                runnable("a", "same", after: []), runnable("l", "sets", after: ["a"], ["left"]),
                runnable("r", "sets", after: ["a"], ["right"]), runnable("j", "same", after: ["l", "r"]),
            ])
            #expect(
                run.json["output"] == ["l": ["n": 1, "left": true], "r": ["n": 1, "right": true]], "\(run.text)")
        }
    }

    @Test("a branch that fails stops the others, as it does elsewhere", arguments: [true, false])
    func failure(_ chains: Bool) async throws {
        let directory = try madeDirectory()
        let (started, stopped) = (directory + "/started", directory + "/stopped")
        try await LangChain.with(["chains": .bool(chains)]) { server in
            let run = try await server.runLangChain([
                runnable("a", "same", after: []), runnable("l", "fails_when", after: ["a"], [.string(started)]),
                runnable("l2", "same", after: ["l"]),
                runnable("r", "waits", after: ["a"], [.string(started), .string(stopped)]),
                runnable("j", "same", after: ["l2", "r"]),
            ])
            #expect(run.json["status"] == "failed", "\(run.text)")
            let nodes = run.json["nodes"]
            #expect(nodes?["a"]?["status"] == "completed" && nodes?["r"]?["status"] == "cancelled", "\(run.text)")
            #expect(nodes?["l"]?["error"]?["message"] == "ValueError: it is there", "\(run.text)")
            for id in ["l2", "j"] { #expect(nodes?[id]?["attempts"]?.array?.isEmpty ?? true, "\(run.text)") }
            try await until { FileManager.default.fileExists(atPath: stopped) }
        }
    }

    @Test("a run that bounds its parallel nodes has them one after the other")
    func bounded() async throws {
        let path = try madeDirectory() + "/notes"
        try await LangChain.with { server in
            let nodes = [
                runnable("a", "same", after: []), runnable("l", "notes", after: ["a"], [.string(path), "l"]),
                runnable("l2", "notes", after: ["l"], [.string(path), "l"]),
                runnable("r", "notes", after: ["a"], [.string(path), "r"]),
                runnable("r2", "notes", after: ["r"], [.string(path), "r"]),
            ]
            let bounded: JSONValue = ["name": "test", "nodes": .array(nodes), "max_parallel": 1]
            let run = try await server.client.run(bounded, ["backend": "lc"])
            #expect(run.json["status"] == "completed", "\(run.text)")
            #expect(["llrr", "rrll", "lrlr", "lrrl"].contains(try text(of: path)))
            let id = run.json["workflow_id"]?.string ?? ""
            let events = try await server.client.send("GET", "/workflows/\(id)/events").json["events"]?.array ?? []
            var running = 0
            for event in events {
                if event["type"] == "node_started" { running += 1 }
                if event["type"] == "node_completed" { running -= 1 }
                #expect(running <= 1)
            }
        }
    }

    @Test("what was checked is checked again when the processes are others")
    func checks() async throws {
        let directory = try madeDirectory()
        let made = directory + "/made"
        _ = try file("changing.py", "from lc_samples import made_in\n", in: directory)
        let paths: JSONValue = [.string(directory), .string(LangChain.directory)]
        try await LangChain.with(["python_path": paths, "allow": ["changing:*", "lc_samples:*"]]) { server in
            let nodes = [runnable("a", "changing:made_in", [.string(made)])]
            for _ in 0..<3 { #expect(try await server.runLangChain(nodes).json["status"] == "completed") }
            #expect(try text(of: made) == "x")
            _ = try file("changing.py", "raise ImportError('it has changed')\n", in: directory)
            let process = try #require(try await LangChain.processes(server).first)
            #expect(kill(process, SIGKILL) == 0)
            try await until {
                let now = try await LangChain.processes(server)
                return !now.isEmpty && now != [process]
            }
            let refused = try await server.runLangChain(nodes)
            #expect(refused.status == 422 && refused.details.contains("it has changed"), "\(refused.text)")
        }
    }
}
