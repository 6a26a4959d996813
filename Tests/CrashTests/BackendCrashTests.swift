import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("registered backends over crashes", .timeLimit(.minutes(2)))
struct BackendCrashTests {
    @Test("every one is there after each of many kills, and its unfinished run can be answered")
    func kept() async throws {
        let directory = temporaryDirectory()
        let first = try await ServerProcess(data: directory)
        // Of two that wrap another, the one that is wrapped last stands first.
        let names = ["inner", "outer", "beside"]
        for (name, wrapped) in [("inner", "native"), ("outer", "inner"), ("beside", "native")] {
            let registration: JSONValue = ["type": "resilient", "config": ["backend": .string(wrapped)]]
            let answer = try await first.client.send("PUT", "/backends/\(name)", registration)
            #expect(answer.status == 201, "\(answer.text)")
        }
        for name in names {
            let run: JSONValue = [
                "backend": .string(name),
                "workflow": ["name": "asks", "nodes": [["node_id": "ask", "type": "approval"]]],
            ]
            let answer = try await first.client.send("POST", "/workflows", run)
            #expect(answer.status == 202, "\(answer.text)")
        }
        var server = first
        for _ in 1...12 {
            try await server.crash()
            server = try await ServerProcess(data: directory)
            let backends = try await server.client.send("GET", "/backends").json["backends"]?.array ?? []
            #expect(Set(backends.compactMap { $0["name"]?.string }) == ["native", "inner", "outer", "beside"])
        }
        let runs = try await server.client.send("GET", "/workflows").json["workflows"]?.array ?? []
        #expect(runs.count == names.count)
        for run in runs {
            let id = try #require(run["workflow_id"]?.string)
            while try await server.client.send("GET", "/workflows/\(id)").json["status"] != "interrupted" {
                await Task.yield()
            }
            let answer = try await server.client.send(
                "POST", "/workflows/\(id)/nodes/ask/resume", ["output": ["approved": true]],
                headers: ["Prefer": "wait=10"])
            #expect(answer.json["status"] == "completed", "\(answer.text)")
        }
        #expect(try await server.stop() == 0)
    }
}
