import FlowJSON
import Foundation
import TestSupport
import Testing

/// The server is killed while an attempt is under way: what receipts told stays, and the attempt that was lost has one.
@Suite("receipts after kill -9", .timeLimit(.minutes(5)))
struct ReceiptCrashTests {
    @Test("receipts are the same after a crash, go on behind it, and tell of the attempt that was lost")
    func crash() async throws {
        let data = temporaryDirectory()
        var server = try await ServerProcess(data: data)
        let registration: JSONValue = ["name": "x", "type": "metered"]
        #expect(try await server.client.send("POST", "/backends", registration).status == 201)
        let nodes = [node("a", "set", ["value": 1]), node("slow", "delay", ["duration": "3s"]), node("b")]
        let run = try await server.client.send("POST", "/workflows", ["workflow": workflow(nodes), "backend": "x"])
        try #require(run.status == 202, "\(run.text)")
        let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")"
        while try await server.client.send("GET", path).json["nodes"]?["slow"]?["status"] != "running" {}
        let before = try await server.client.send("GET", path + "/receipts").json
        #expect(before["receipts"]?.array?.count == 1 && before["status"] == "running", "\(before)")
        try await server.crash()
        server = try await ServerProcess(data: data)
        let end = try await server.client.send("GET", path + "?wait=60s")
        #expect(end.json["status"] == "completed", "\(end.text)")
        let after = try await server.client.send("GET", path + "/receipts").json
        let receipts = after["receipts"]?.array ?? []
        #expect(receipts.map { $0["node_id"] } == ["a", "slow", "slow", "b"], "\(after)")
        #expect(receipts.map { $0["status"] } == ["completed", "failed", "completed", "completed"])
        #expect(receipts.map { $0["attempt"] } == [1, 1, 2, 1])
        #expect(receipts.first == before["receipts"]?[0] && after["submission_hash"] == before["submission_hash"])
        #expect(receipts.allSatisfy { $0["backend"] == "x" && $0["executor"]?["backend"] == "native" })
        let url = "http://127.0.0.1:\(server.port)\(path)"
        let verified = try await flowcore(["verify-receipts", url])
        #expect(verified.code == 0 && verified.output == "4 receipts verified\n", "\(verified)")
        #expect(try await server.stop() == 0)
    }
}
