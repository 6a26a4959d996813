import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("metrics of runs", .timeLimit(.minutes(1)))
struct RunMetricsTests {
    @Test("runs and nodes are counted by how they ended, and runs are timed")
    func counts() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await TestServer.with(options) { server in
            let client = server.client
            let before = try await client.send("GET", "/metrics").text
            for status in ["completed", "failed", "cancelled"] {
                #expect(before.contains("\nflowcore_runs_total{status=\"\(status)\"} 0\n"))
            }
            for _ in 0..<2 { _ = try await client.run(workflow([node("a"), node("b"), node("c")])) }
            _ = try await client.run(workflow([node("a"), node("b", "fail", ["message": "no"]), node("c"), node("d")]))
            let slow: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "2s"]), node("b")])]
            let timed = try await client.send("POST", "/workflows", slow).json["workflow_id"]?.string ?? ""
            await clock.sleepers(1)
            clock.advance(by: .seconds(2))
            while try await client.send("GET", "/workflows/\(timed)").json["status"] != "completed" {}
            let stopped = try await client.send("POST", "/workflows", slow).json["workflow_id"]?.string ?? ""
            await clock.sleepers(1)
            #expect(try await client.send("POST", "/workflows/\(stopped)/cancel").status == 202)
            // A run is counted a moment after its end can be read; its duration comes last.
            var text = ""
            while !text.contains("\nflowcore_run_duration_seconds_count 5\n") {
                text = try await client.send("GET", "/metrics").text
            }
            for line in [
                "# TYPE flowcore_runs_total counter", "flowcore_runs_total{status=\"completed\"} 3",
                "flowcore_runs_total{status=\"failed\"} 1", "flowcore_runs_total{status=\"cancelled\"} 1",
                "# TYPE flowcore_nodes_total counter", "flowcore_nodes_total{status=\"completed\"} 9",
                "flowcore_nodes_total{status=\"failed\"} 1", "flowcore_nodes_total{status=\"skipped\"} 2",
                "flowcore_nodes_total{status=\"cancelled\"} 2", "# TYPE flowcore_run_duration_seconds histogram",
                "flowcore_run_duration_seconds_bucket{le=\"0.8192\"} 4",
                "flowcore_run_duration_seconds_bucket{le=\"3.2768\"} 5",
                "flowcore_run_duration_seconds_bucket{le=\"+Inf\"} 5", "flowcore_run_duration_seconds_sum 2.0",
            ] {
                #expect(text.contains("\n\(line)\n"), "\(line)")
            }
        }
    }
}
