import FlowHTTP
import FlowJSON
import FlowServer
import Logging
import TestSupport
import Testing

@Suite("operations and access", .timeLimit(.minutes(1)))
struct OperationsTests {
    @Test("the server tells how it is, what it keeps and what it counts")
    func operations() async throws {
        try await TestServer.with { server in
            let client = server.client
            for path in ["/livez", "/healthz", "/readyz", "/limits", "/docs", "/openapi.yaml"] {
                #expect(try await client.send("GET", path).status == 200, "\(path)")
            }
            for method in ["GET", "HEAD"] {
                let root = try await client.send(method, "/")
                #expect(root.status == 307 && root["location"] == "/docs", "a redirect that keeps the method")
            }
            #expect(try await client.send("HEAD", "/docs").status == 200)
            #expect(try await client.send("GET", "/limits").json["max_nodes"] == 10000)
            let metrics = try await client.send("GET", "/metrics").text
            #expect(metrics.contains("flowcore_http_requests_total{status=\"2xx\"} 8"))
            #expect(metrics.contains("flowcore_runs_active 0") && metrics.contains("process_resident_memory_bytes"))
        }
    }

    @Test("every route of the server stands in its description, and every path of the description is served")
    func description() async throws {
        try await TestServer.with { server in
            let text = try await server.client.send("GET", "/openapi.yaml").text
            var described: Set<String> = []
            var path = ""
            for line in text.split(separator: "\n") {
                if line.hasPrefix("  /") { path = line.trimmingPrefix("  ").dropLast().description }
                if line.hasPrefix("components:") { break }
                for method in ["get", "post", "put", "delete"] where line == "    \(method):" {
                    described.insert("\(method.uppercased()) \(path)")
                }
            }
            let application = Application(
                service: server.service, metrics: PrometheusMetrics(), options: .init(), logger: Logger(label: "x"))
            #expect(Set(application.routes.map { "\($0.method) \($0.pattern)" }) == described)
        }
    }

    @Test("keys open what their role allows, and nothing opens without one")
    func keys() async throws {
        var options = TestServer.Options()
        let keys = ["viewer:viewer-key-0123456", "submitter:submit-key-0123456", "admin:admin-key-01234567"]
        options.application.keys = try #require(APIKeys(keys))
        try await TestServer.with(options) { server in
            func status(_ key: String?, _ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> Int
            {
                let headers = key.map { ["Authorization": "Bearer \($0)"] } ?? [:]
                return try await server.client.send(method, path, body, headers: headers).status
            }
            let run: JSONValue = ["workflow": workflow([node("a")])]
            let backend: JSONValue = ["name": "x", "type": "logging"]
            for path in ["/livez", "/readyz", "/docs", "/openapi.yaml"] {
                #expect(try await status(nil, "GET", path) == 200)
            }
            for path in ["/workflows", "/backends", "/definitions", "/metrics", "/limits"] {
                #expect(try await status(nil, "GET", path) == 401)
            }
            #expect(try await status("wrong-key-0123456789", "GET", "/workflows") == 401)
            #expect(try await status("viewer-key-0123456", "GET", "/workflows") == 200)
            #expect(try await status("viewer-key-0123456", "POST", "/workflows", run) == 403)
            #expect(try await status("submit-key-0123456", "POST", "/workflows", run) == 202)
            let definition: JSONValue = ["nodes": [node("a")]]
            #expect(try await status("viewer-key-0123456", "PUT", "/definitions/x", definition) == 403)
            #expect(try await status("submit-key-0123456", "PUT", "/definitions/x", definition) == 201)
            #expect(try await status("viewer-key-0123456", "GET", "/definitions/x") == 200)
            for path in ["/definitions/x", "/definitions/x/versions/1"] {
                #expect(try await status("viewer-key-0123456", "DELETE", path) == 403)
            }
            #expect(try await status("submit-key-0123456", "POST", "/backends", backend) == 403)
            #expect(try await status("admin-key-01234567", "POST", "/backends", backend) == 201)
            let refused = try await server.client.send("GET", "/workflows")
            #expect(refused["www-authenticate"]?.hasPrefix("Bearer") == true && refused.isProblem)
        }
        #expect(APIKeys(["short"]) == nil && APIKeys(["with a space in it"]) == nil)
    }
}
