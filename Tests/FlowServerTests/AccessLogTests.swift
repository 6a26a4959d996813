import FlowHTTP
import FlowJSON
import FlowServer
import Logging
import MicroHTTPD
import TestSupport
import Testing

@Suite("the log of requests", .timeLimit(.minutes(1)))
struct AccessLogTests {
    /// What is logged of some requests.
    static func log(
        _ scope: AccessLogMiddleware.Scope, _ body: (TestClient) async throws -> Void
    ) async throws -> [LogKeeper.Entry] {
        let keeper = LogKeeper()
        var options = TestServer.Options()
        options.makeLogger = keeper.logger
        options.application.accessLog = scope
        options.application.maxListeners = 0
        options.http.maxBodyBytes = 1000
        try await TestServer.with(options) { try await body($0.client) }
        return keeper.all.filter { $0.message == "request answered" }
    }

    @Test("each answer is one entry, which says who asked for what and what came of it")
    func fields() async throws {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let entries = try await Self.log(.all) { client in
            let headers = ["X-Request-Id": "mine-7", "traceparent": "00-\(trace)-00f067aa0ba902b7-01"]
            let alive = try await client.send("GET", "/livez?x=1", headers: headers)
            #expect(alive.status == 400)
            let response = try await client.send("HEAD", "/livez")
            #expect(response.status == 200 && response["x-request-id"]?.hasPrefix("r") == true)
        }
        #expect(entries.count == 2)
        let first = try #require(entries.first)
        #expect(first.level == .info)
        var metadata = first.metadata
        #expect(metadata.removeValue(forKey: "duration_us").flatMap { Int($0) }.map { $0 >= 0 } == true)
        #expect(metadata.removeValue(forKey: "bytes").flatMap { Int($0) }.map { $0 > 100 } == true)
        #expect(
            metadata == [
                "method": "GET", "path": "/livez", "status": "400", "client": "127.0.0.1", "request_id": "mine-7",
                "trace_id": trace,
            ])
        let second = try #require(entries.last)
        #expect(second.metadata["method"] == "HEAD" && second.metadata["status"] == "200")
        #expect(second.metadata["bytes"] == "18" && second.metadata["trace_id"] == nil)
        #expect(second.metadata["request_id"]?.hasPrefix("r") == true)
    }

    static let scopes: [(scope: AccessLogMiddleware.Scope, statuses: [String])] = [
        (.off, []), (.errors, ["404", "405", "415", "413", "400", "503"]),
        (.all, ["200", "404", "405", "415", "413", "400", "202", "503"]),
    ]

    @Test(
        "errors are logged wherever they arise, those of the server as such, and a key is never shown",
        arguments: scopes.indices)
    func statuses(index: Int) async throws {
        let (scope, statuses) = Self.scopes[index]
        let entries = try await Self.log(scope) { client in
            let secret = ["Authorization": "Bearer secret-key-0123456"]
            _ = try await client.send("GET", "/workflows", headers: secret)
            _ = try await client.send("GET", "/nothing", headers: secret)
            _ = try await client.send("PATCH", "/workflows")
            _ = try await client.send("POST", "/workflows", bytes: Array("{}".utf8))
            _ = try await client.send("POST", "/workflows", bytes: [UInt8](repeating: 32, count: 1001))
            let malformed = try await RawConnection(port: client.port)
            await malformed.send("GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
            _ = await malformed.receiveAll()
            let run = try await client.send("POST", "/workflows", ["workflow": workflow([node("a")])])
            let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")/events"
            _ = try await client.send("GET", path, headers: ["Accept": "text/event-stream"])
        }
        #expect(entries.map { $0.metadata["status"] } == statuses)
        for entry in entries {
            #expect(entry.level == (entry.metadata["status"] == "503" ? .error : .info))
            #expect(!"\(entry)".contains("secret"))
        }
    }
}
