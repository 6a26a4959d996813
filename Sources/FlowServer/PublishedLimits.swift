import FlowCore
package import FlowEngine
import FlowJSON

/// The bounds of the server, as clients can read them.
package struct PublishedLimits: Sendable {
    /// The text of the answer.
    let bytes: [UInt8]

    /// Makes the text.
    ///
    /// - Parameters:
    ///   - jsonDepth: How deep bodies may nest.
    ///   - http: What the server below keeps, as names and numbers.
    package init(engine: EngineLimits, jsonDepth: Int, http: [(name: String, value: Int)]) {
        var limits = JSONObject()
        limits["max_nodes"] = .integer(Int64(engine.workflow.nodes))
        limits["max_parallel"] = .integer(Int64(engine.parallelNodes))
        limits["max_active_runs"] = .integer(Int64(engine.activeRuns))
        limits["max_conformance_runs"] = .integer(Int64(engine.conformanceRuns))
        limits["max_payload_bytes"] = .integer(Int64(engine.payloadBytes))
        limits["max_run_bytes"] = .integer(Int64(engine.runBytes))
        limits["max_payload_depth"] = .integer(Int64(engine.payloadDepth))
        limits["max_json_depth"] = .integer(Int64(jsonDepth))
        limits["max_definitions"] = .integer(Int64(engine.definitions.count))
        limits["max_definition_versions"] = .integer(Int64(engine.definitions.versions))
        limits["max_definition_bytes"] = .integer(Int64(engine.definitions.bytes))
        limits["max_wait"] = .string(DurationText.text(engine.maximumWait))
        limits["default_run_timeout"] = engine.runTimeout.map { .string(DurationText.text($0)) } ?? .null
        limits["default_node_timeout"] = engine.nodeTimeout.map { .string(DurationText.text($0)) } ?? .null
        limits["default_retry"] = engine.retry.map { .object($0.json) } ?? .null
        for limit in http { limits[limit.name] = .integer(Int64(limit.value)) }
        bytes = JSONWriter.bytes(of: .object(limits))
    }
}
