import FlowJSON
import FlowTesting
import Synchronization
import TestSupport

/// Counts what nodes do outside their runs: a service that they call, which knows nothing of runs and workers.
final class Effects: Sendable {
    let server: RecordingServer

    private init(_ server: RecordingServer) { self.server = server }

    /// Calls `body` with such a service.
    ///
    /// - Parameter gate: What a call waits for before it is answered.
    static func with<Result: Sendable>(
        gate: Gate? = nil, _ body: (Effects) async throws -> Result
    ) async throws -> Result {
        try await RecordingServer.with(
            { _ in
                _ = await gate?.pass()
                return .text("{\"done\": true}", type: "application/json")
            }, { try await body(Effects($0)) })
    }

    /// A node that has an effect of that name.
    func node(_ id: String, after: [String]? = nil, more: JSONObject = [:]) -> JSONValue {
        var more = more
        if let after { more["depends_on"] = .array(after.map { .string($0) }) }
        return DistributedTests.node(
            id, "http", ["method": "POST", "url": .string(server.url + "/" + id)], more: more)
    }

    /// How often each effect was had.
    var counts: [String: Int] {
        server.requests.reduce(into: [:]) { $0[String($1.path.dropFirst()), default: 0] += 1 }
    }

    /// How often effects were had beyond once.
    var duplicates: Int { counts.values.reduce(0) { $0 + $1 - 1 } }
}
