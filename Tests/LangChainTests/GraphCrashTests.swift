import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("ends of processes amid graphs", .timeLimit(.minutes(2)))
struct GraphCrashTests {
    @Test("when the process dies amid branches, those that ran have another attempt, and nothing else runs twice")
    func processDies() async throws {
        let directory = try madeDirectory()
        let (notes, go) = (directory + "/notes", directory + "/go")
        try await LangChain.with { server in
            let id = try await server.startLangChain(Self.crashing(notes, go))
            try await until { Self.count(notes) == 4 }
            try await Self.untilWaiting(server.client, id)
            let process = try #require(try await LangChain.processes(server).first)
            #expect(kill(process, SIGKILL) == 0)
            try await until { Self.count(notes) == 6 }
            #expect(FileManager.default.createFile(atPath: go, contents: nil))
            try await until {
                try await server.client.send("GET", "/workflows/\(id)").json["completed_at"]?.string != nil
            }
            let run = try await server.client.send("GET", "/workflows/\(id)").json
            try Self.expectRecovered(run, notes, "unavailable")
        }
    }

    @Test("when the server dies amid branches, it goes on with those that ran")
    func serverDies() async throws {
        let directory = try madeDirectory()
        let (notes, go) = (directory + "/notes", directory + "/go")
        let id = try await Self.serving(directory + "/data") { first in
            let made = try await first.client.send(
                "POST", "/backends", ["name": "lc", "type": "langchain", "config": .object(LangChain.config())])
            #expect(made.status == 201, "\(made.text)")
            let submitted = try await first.client.send(
                "POST", "/workflows", ["workflow": workflow(Self.crashing(notes, go)), "backend": "lc", "input": 1])
            let id = try #require(submitted.json["workflow_id"]?.string, "\(submitted.text)")
            try await until { Self.count(notes) == 4 }
            try await Self.untilWaiting(first.client, id)
            return id
        }
        try await Self.serving(directory + "/data") { second in
            try await until { Self.count(notes) == 6 }
            #expect(FileManager.default.createFile(atPath: go, contents: nil))
            try await until {
                try await second.client.send("GET", "/workflows/\(id)").json["completed_at"]?.string != nil
            }
            let run = try await second.client.send("GET", "/workflows/\(id)").json
            try Self.expectRecovered(run, notes, nil)
        }
    }

    /// Calls `body` with the program, which is killed afterwards, whatever came of it.
    private static func serving<Result>(
        _ data: String, _ body: (ServerProcess) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerProcess(data: data)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        try await server.crash()
        return try result.get()
    }

    /// Two branches that wait, of which one has a node behind it that has run.
    private static func crashing(_ notes: String, _ go: String) -> [JSONValue] {
        let (notes, go) = (JSONValue.string(notes), JSONValue.string(go))
        return [
            runnable("a", "notes", after: [], [notes, "a"]), runnable("l", "notes", after: ["a"], [notes, "l"]),
            runnable("lw", "notes_and_waits", after: ["l"], [notes, "w", go]),
            runnable("r", "notes_and_waits", after: ["a"], [notes, "v", go]),
            runnable("j", "notes", after: ["lw", "r"], [notes, "j"]),
        ]
    }

    private static func count(_ notes: String) -> Int { (try? text(of: notes).count) ?? 0 }

    private static func untilWaiting(_ client: TestClient, _ id: String) async throws {
        try await until {
            let nodes = try await client.send("GET", "/workflows/\(id)").json["nodes"]
            return nodes?["lw"]?["status"] == "running" && nodes?["r"]?["status"] == "running"
        }
    }

    private static func expectRecovered(_ run: JSONValue, _ notes: String, _ code: JSONValue?) throws {
        #expect(run["status"] == "completed", "\(run)")
        let nodes = run["nodes"]
        for id in ["a", "l", "j"] { #expect(nodes?[id]?["attempts"]?.array?.count == 1, "\(id): \(run)") }
        for id in ["lw", "r"] {
            let attempts = nodes?[id]?["attempts"]?.array ?? []
            // Until there is another process an attempt may find none.
            #expect(attempts.count >= 2 && attempts.last?["status"] == "completed", "\(id): \(run)")
            for lost in attempts.dropLast() where code != nil {
                #expect(lost["error"]?["code"] == code, "\(id): \(run)")
            }
        }
        let all = try text(of: notes)
        for (name, count) in [("a", 1), ("l", 1), ("w", 2), ("v", 2), ("j", 1)] as [(Character, Int)] {
            #expect(all.count { $0 == name } == count, "\(all)")
        }
    }

    @Test("code that blocks its process amid branches is named, and what ran beside it is not blamed")
    func hung() async throws {
        let directory = try madeDirectory()
        let (started, go) = (directory + "/started", directory + "/go")
        try await LangChain.with(["hang_timeout": "1s"]) { server in
            let id = try await server.startLangChain([
                runnable("a", "same", after: []), runnable("l", "blocks_when", after: ["a"], [.string(started)]),
                runnable("r", "notes_and_waits", after: ["a"], [.string(started), "r", .string(go)]),
            ])
            try await until {
                try await server.client.send("GET", "/workflows/\(id)").json["completed_at"]?.string != nil
            }
            let nodes = try await server.client.send("GET", "/workflows/\(id)").json["nodes"]
            #expect(
                nodes?["l"]?["error"]?["code"] == "timeout" && nodes?["l"]?["status"] == "failed", "\(nodes ?? .null)")
            #expect(nodes?["r"]?["attempts"]?[0]?["error"]?["code"] != "timeout", "\(nodes ?? .null)")
        }
    }
}
