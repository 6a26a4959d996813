import FlowBackends
import FlowCore
import FlowEngine
import FlowJSON

/// Makes remote backends of plain URLs, such as those of the suite's own faulty ways to a backend.
struct WireBackendFactory: BackendFactory {
    let calls: OutboundHTTP
    let type = "wire"
    let summary = "Has nodes executed at a URL."
    let configSchema: JSONValue = ["type": "object"]

    func validate(_ config: JSONObject) -> [ValidationIssue] { [] }

    func makeBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend {
        let url = registration.config["url"]?.string ?? ""
        let backend = try RemoteBackend(
            name: registration.name, base: url, fields: [], calls: calls, clock: SystemClock(),
            maxResponseBytes: WireClient.maxBytes)
        await backend.learn()
        return backend
    }
}
