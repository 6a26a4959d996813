import FlowCore
import FlowEngine
import FlowJSON

/// Backends and node types as the API shows them.
enum BackendEncoding {
    /// Writes a backend with what it can do and promises.
    ///
    /// - Parameter version: This server's version, which is that of the backends that execute nodes here.
    static func write(_ backend: RegisteredBackend, version: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("name")
        writer.string(backend.name.rawValue)
        writer.field("type")
        writer.string(backend.registration.type)
        writer.field("version")
        writer.string(backend.version ?? (backend.isElsewhere ? "unknown" : version))
        writer.field("built_in")
        writer.bool(backend.isBuiltIn)
        writer.field("source")
        writer.string(backend.isBuiltIn ? "server" : backend.registration.file == nil ? "api" : "file")
        if let file = backend.registration.file {
            writer.field("file")
            writer.string(file)
        }
        writer.field("config")
        writer.value(.object(backend.registration.config))
        writer.field("capabilities")
        writer.value(backend.capabilities.json)
        writer.field("contract")
        write(backend.contract, to: &writer)
        writer.field("node_types")
        writer.beginArray()
        for type in backend.nodeTypes { writer.string(type.name) }
        writer.endArray()
        writer.field("node_type_details")
        writer.beginArray()
        for type in backend.nodeTypes {
            writer.beginObject()
            writeMembers(of: type, to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.field("active_runs")
        writer.integer(backend.activeRuns)
        writer.field("require_conformance")
        writer.optional(backend.registration.requireConformance?.rawValue)
        writer.field("conformance")
        writer.value(ConformanceEncoding.summary(backend.lastConformanceRun))
        writer.endObject()
    }

    /// Writes whether a backend can run a workflow, and what keeps it from it.
    static func write(_ match: BackendMatch, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("backend")
        writer.string(match.backend.rawValue)
        writer.field("accepted")
        writer.bool(match.isAccepted)
        writer.field("healthy")
        writer.bool(match.health.isHealthy)
        if !match.healthDetails.isEmpty {
            writer.field("health_details")
            writer.value(.object(match.healthDetails))
        }
        writer.field("unmet")
        writer.beginArray()
        for issue in match.unmet {
            writer.beginObject()
            writer.field("code")
            writer.optional(issue.code?.rawValue)
            writer.field("pointer")
            writer.string(issue.pointer.description)
            writer.field("detail")
            writer.string(issue.detail)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ contract: BackendContract, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("max_payload_bytes")
        writer.integer(contract.maxPayloadBytes)
        writer.field("max_parallel")
        writer.integer(contract.maxParallel)
        writer.field("time_to_cancel")
        writer.string(DurationText.text(contract.timeToCancel))
        writer.field("retry_owner")
        writer.string(contract.retryOwner.rawValue)
        writer.field("durability")
        writer.string(contract.durability.rawValue)
        writer.field("ordered")
        writer.bool(contract.isOrdered)
        writer.endObject()
    }

    private static func writeMembers(of type: NodeTypeDescription, to writer: inout JSONWriter) {
        writer.field("type")
        writer.string(type.name)
        writer.field("summary")
        writer.string(type.summary)
        writer.field("config_schema")
        writer.value(type.configSchema)
    }

    /// Writes what can be registered.
    static func write(_ factory: any BackendFactory, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type")
        writer.string(factory.type)
        writer.field("summary")
        writer.string(factory.summary)
        writer.field("config_schema")
        writer.value(factory.configSchema)
        writer.endObject()
    }

    /// Every node type once, with the backends that take it.
    static func nodeTypes(_ backends: [RegisteredBackend]) -> [UInt8] {
        var order: [NodeTypeDescription] = []
        var takers: [String: [String]] = [:]
        // The planner itself carries these out, whatever the backend is.
        for type in ControlType.allCases.map(\.description) {
            order.append(type)
            takers[type.name] = backends.map(\.name.rawValue)
        }
        for backend in backends {
            for type in backend.nodeTypes where ControlType(rawValue: type.name) == nil {
                if takers[type.name] == nil { order.append(type) }
                takers[type.name, default: []].append(backend.name.rawValue)
            }
        }
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.field("node_types")
        writer.beginArray()
        for type in order {
            writer.beginObject()
            writeMembers(of: type, to: &writer)
            writer.field("backends")
            writer.value(.array((takers[type.name] ?? []).map { .string($0) }))
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
