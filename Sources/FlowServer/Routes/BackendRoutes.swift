import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// The registry of backends.
struct BackendRoutes: Sendable {
    let service: WorkflowService
    let json: JSONBody
    /// The version of this server.
    let version: String

    private var registry: BackendRegistry { service.registry }

    var routes: [Route] {
        [
            Route(.get, "/backends", .viewer, .immediate(list)),
            Route(.post, "/backends", .admin, takesBody: true, .suspending(create)),
            Route(.get, "/backends/{name}", .viewer, .immediate(read)),
            Route(.put, "/backends/{name}", .admin, takesBody: true, .suspending(replace)),
            Route(.delete, "/backends/{name}", .admin, produces: [], .suspending(remove)),
            Route(.get, "/backends/{name}/capabilities", .viewer, .immediate(capabilities)),
            Route(.get, "/backends/{name}/health", .viewer, .suspending(health)),
            Route(.get, "/backends/{name}/workers", .viewer, .immediate(workers)),
            Route(.get, "/node-types", .viewer, .immediate(nodeTypes)),
        ]
    }

    @Sendable private func list(_ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        var writer = JSONWriter(capacity: 2048)
        writer.beginObject()
        writer.field("backends")
        writer.beginArray()
        for backend in registry.all { BackendEncoding.write(backend, version: version, to: &writer) }
        writer.endArray()
        writer.field("types")
        writer.beginArray()
        for factory in registry.factories { BackendEncoding.write(factory, to: &writer) }
        writer.endArray()
        writer.endObject()
        return .json(writer.bytes)
    }

    @Sendable private func create(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        let registration = try Self.registration(try json.object(request))
        do {
            return try await register(registration, replace: false, status: 201)
        } catch {
            throw Problem(error)
        }
    }

    @Sendable private func replace(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        guard let name = BackendName(checking: request.parameters[0]) else {
            throw Problem(
                404, "not-found", "\"\(request.parameters[0].prefix(200))\" is not a name that a backend can have.")
        }
        let registration = try Self.registration(try json.object(request), name: name)
        let isNew = registry.backend(name) == nil
        // A backend has no version: a client can ask for one that is there, or for one that is not.
        try request.checkConditions(nil, isThere: !isNew)
        // Whoever wants none to be there does not replace one that comes in between.
        let mayReplace = !isNew || !request.fields.contains("if-none-match")
        do {
            return try await register(registration, replace: mayReplace, status: isNew ? 201 : 200)
        } catch {
            throw Problem(error)
        }
    }

    private func register(
        _ registration: BackendRegistration, replace: Bool, status: Int
    ) async throws(ServiceError) -> HTTPResponse {
        let registered = try await registry.register(registration, replace: replace)
        // Runs may wait for a backend of this name since the last start.
        try await service.takeUpUnfinished()
        return answer(registered, status: status)
    }

    private static func registration(
        _ object: JSONObject, name: BackendName? = nil
    ) throws(Problem) -> BackendRegistration {
        do { return try BackendRegistration(decoding: object, name: name) } catch { throw .invalid(error.issues) }
    }

    private func answer(_ backend: RegisteredBackend, status: Int) -> HTTPResponse {
        var writer = JSONWriter(capacity: 4096)
        BackendEncoding.write(backend, version: version, to: &writer)
        var response = HTTPResponse.json(writer.bytes, status: status)
        if status == 201 { response.fields.append(("Location", "/backends/\(backend.name)")) }
        return response
    }

    @Sendable private func read(_ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        return answer(try backend(request), status: 200)
    }

    @Sendable private func capabilities(_ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        return .json(try backend(request).capabilitiesText)
    }

    @Sendable private func health(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        let hops = try WireFields.hops(request)
        let backend = try backend(request)
        var body: JSONObject = ["name": .string(backend.name.rawValue), "healthy": true]
        if case .unhealthy(let reason) = await WireHops.$current.withValue(hops, operation: { await backend.health() })
        {
            body["healthy"] = false
            body["reason"] = .string(reason)
        }
        let details = await backend.backend.healthDetails()
        if !details.isEmpty { body["details"] = .object(details) }
        return .json(JSONWriter.bytes(of: .object(body)), status: body["healthy"] == true ? 200 : 503)
    }

    @Sendable private func workers(_ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        let backend = try backend(request)
        let workers = (backend.backend as? any WorkerHost)?.workers ?? []
        return .json(JSONWriter.bytes(of: ["workers": .array(workers.map { .object($0) })]))
    }

    @Sendable private func remove(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var query = QueryItems(request.query)
        let drain = query.value("drain", expected: "true or false") { Bool($0) } ?? false
        try query.finish()
        let name = try backend(request).name
        try request.checkConditions(nil)
        do { try await registry.unregister(name, drain: drain) } catch { throw Problem(error) }
        return HTTPResponse(status: 204)
    }

    @Sendable private func nodeTypes(_ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        return .json(BackendEncoding.nodeTypes(registry.all))
    }

    private func backend(_ request: HTTPRequest) throws(Problem) -> RegisteredBackend {
        try Self.backend(request, in: registry)
    }

    /// The backend that a path names first.
    static func backend(
        _ request: HTTPRequest, in registry: BackendRegistry
    ) throws(Problem) -> RegisteredBackend {
        guard let backend = registry.backend(BackendName(request.parameters[0])) else {
            let known = registry.all.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw Problem(
                404, "not-found", "There is no backend \"\(request.parameters[0].prefix(200))\"; there are \(known).")
        }
        return backend
    }
}
