import BackendTestSuite
import FlowHosting
import FlowJSON
import Foundation
import Testing
import TextBackend

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("the text backend", .timeLimit(.minutes(1)))
struct TextBackendTests {
    private static let samples = Samples([
        .succeeds: Sample(
            type: "word-count", input: ["text": "one three"], output: ["words": 2, "longest": "three"]),
        .fails: Sample(type: "word-count", input: [:]),
        .streams: Sample(
            type: "word-count", input: ["text": "one three"], output: ["words": 2, "longest": "three"],
            chunks: [["longest": "one"], ["longest": "three"]]),
    ])

    @Test("it does what is asked of a backend", arguments: BackendTestSuite.cases)
    func conforms(_ item: ConformanceCase) async throws {
        try await item.check(TextBackend(), samples: Self.samples)
    }

    @Test("a server runs workflows on it, and its node type on the backend native", arguments: ["text", "native"])
    func served(backend: String) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = FlowCoreServer.Configuration(directory: directory.path())
        configuration.port = 0
        configuration.backends = [TextBackend()]
        configuration.nodeTypes = [WordCount()]
        try await FlowCoreServer(configuration).serve { server in
            let run = try await Self.send(
                "POST", server.url + "/workflows",
                [
                    "backend": .string(backend), "input": ["text": "one three eleven"], "requires": ["streaming"],
                    "workflow": [
                        "name": "count",
                        "nodes": [["node_id": "a", "type": "word-count", "config": ["min_length": 4]]],
                    ],
                ])
            #expect(run["status"] == "completed", "\(run)")
            #expect(run["output"] == ["words": 2, "longest": "eleven"])
            let id = run["workflow_id"]?.string ?? ""
            let journal = try await Self.send("GET", server.url + "/workflows/\(id)/events")
            let parts = (journal["events"]?.array ?? []).filter { $0["type"] == "chunk" }
            #expect(parts.map { $0["chunk"] } == [["longest": "three"], ["longest": "eleven"]])
            let wrong = try await Self.send(
                "POST", server.url + "/backends/\(backend)/nodes/validate",
                ["node": ["node_id": "a", "type": "word-count", "config": ["min_length": 0]]])
            #expect(wrong["valid"] == false && wrong["errors"]?.array?.first?["pointer"] == "/config/min_length")
            let refused = try await Self.send(
                "POST", server.url + "/backends/text/nodes/validate", ["node": ["node_id": "a", "type": "http"]])
            #expect(refused["errors"]?.array?.first?["pointer"] == "/type")
        }
    }

    private static func send(_ method: String, _ url: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = method
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        if let body {
            request.httpBody = Data(JSONWriter.bytes(of: body))
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.setValue("wait=20", forHTTPHeaderField: "Prefer")
        }
        let (data, _) = try await URLSession.shared.data(for: request)
        return try JSONParser.parse(Array(data))
    }
}
