import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// The stored definitions.
///
/// A definition is at `/definitions/{name}`, which is its latest version, and each version for itself below that. The
/// entity tag is the version's number: numbers are given once, and what one stands for never changes.
struct DefinitionRoutes: Sendable {
    let service: WorkflowService
    let json: JSONBody

    private var library: DefinitionLibrary { service.definitions }

    var routes: [Route] {
        [
            Route(.get, "/definitions", .viewer, .suspending(list)),
            Route(.get, "/definitions/{name}", .viewer, wishes: .conditions, .suspending(read)),
            Route(.put, "/definitions/{name}", .submitter, takesBody: true, .suspending(put)),
            Route(.delete, "/definitions/{name}", .submitter, produces: [], .suspending(remove)),
            Route(.get, "/definitions/{name}/versions", .viewer, .suspending(versions)),
            Route(
                .get, "/definitions/{name}/versions/{version}", .viewer, wishes: .conditions, .suspending(readVersion)),
            Route(
                .delete, "/definitions/{name}/versions/{version}", .submitter, produces: [], .suspending(removeVersion)),
        ]
    }

    @Sendable private func list(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var query = QueryItems(request.query)
        let cursor = query.value("cursor", expected: "a cursor of an earlier page", DefinitionName.init(checking:))
        let limit = query.pageLimit()
        try query.finish()
        let page: DefinitionPage
        do { page = try await library.list(after: cursor, limit: limit) } catch { throw Problem(error) }
        return Self.answer(page, "definitions", request) { $0.name.rawValue }
    }

    @Sendable private func versions(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var query = QueryItems(request.query)
        let cursor = query.value("cursor", expected: "a cursor of an earlier page") {
            DefinitionID.version(checking: $0)
        }
        let limit = query.pageLimit()
        try query.finish()
        let name = try Self.name(request)
        let page: DefinitionPage
        do {
            page = try await library.versions(of: name, before: cursor, limit: limit)
        } catch {
            throw Problem(error)
        }
        return Self.answer(page, "versions", request) { String($0.version) }
    }

    @Sendable private func read(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        return try await read(DefinitionReference(try Self.name(request)), request)
    }

    @Sendable private func readVersion(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        return try await read(DefinitionReference(try Self.version(request)), request)
    }

    private func read(
        _ reference: DefinitionReference, _ request: HTTPRequest
    ) async throws(Problem) -> HTTPResponse {
        let definition: Definition
        do { definition = try await library.load(reference) } catch { throw Problem(error) }
        let tag = Self.tag(definition.id)
        let conditions = try Preconditions(request.fields)
        try conditions.checkMatch(tag)
        if conditions.isKnown(tag) {
            return HTTPResponse(status: 304, fields: [("ETag", tag.field), ("Cache-Control", "no-cache")])
        }
        return Self.answer(definition, status: 200)
    }

    @Sendable private func put(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        guard let name = DefinitionName(checking: request.parameters[0]) else {
            throw Problem(
                404, "not-found", "\"\(request.parameters[0].prefix(200))\" is not a name that a definition can have.")
        }
        let conditions = try Preconditions(request.fields)
        let document = try json.object(request)
        let change: DefinitionChange
        do {
            change = try await service.define(document, as: name) { latest in
                conditions.hold(for: latest.map { Self.tag(DefinitionID(name, version: $0)) })
            }
        } catch {
            throw Problem(error)
        }
        var response = Self.answer(change.definition, status: change.isNew ? 201 : 200)
        if change.isNew { response.fields.append(("Location", Self.path(change.definition.id))) }
        return response
    }

    @Sendable private func remove(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        let name = try Self.name(request)
        let conditions = try Preconditions(request.fields)
        do {
            try await library.remove(name) { latest in
                conditions.hold(for: latest.map { Self.tag(DefinitionID(name, version: $0)) })
            }
        } catch {
            throw Problem(error)
        }
        return HTTPResponse(status: 204)
    }

    @Sendable private func removeVersion(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        let id = try Self.version(request)
        let conditions = try Preconditions(request.fields)
        do {
            try await library.remove(id) { _ in conditions.hold(for: Self.tag(id)) }
        } catch {
            throw Problem(error)
        }
        return HTTPResponse(status: 204)
    }

    private static func answer(_ definition: Definition, status: Int) -> HTTPResponse {
        var response = HTTPResponse.json(DefinitionEncoding.bytes(definition), status: status)
        response.fields.append(("ETag", tag(definition.id).field))
        response.fields.append(("Content-Location", path(definition.id)))
        response.fields.append(("Cache-Control", "no-cache"))
        return response
    }

    private static func answer(
        _ page: DefinitionPage, _ field: String, _ request: HTTPRequest, cursor: (DefinitionID) -> String
    ) -> HTTPResponse {
        let next = page.hasMore ? page.entries.last.map { cursor($0.id) } : nil
        var writer = JSONWriter(capacity: 128 * page.entries.count + 64)
        writer.beginObject()
        writer.field(field)
        writer.beginArray()
        for entry in page.entries { DefinitionEncoding.writeSummary(entry, to: &writer) }
        writer.endArray()
        writer.field("next_cursor")
        writer.optional(next)
        writer.endObject()
        var response = HTTPResponse.json(writer.bytes)
        if let next { response.linkNext(next, after: request) }
        return response
    }

    private static func tag(_ id: DefinitionID) -> EntityTag { EntityTag(String(id.version)) }

    private static func path(_ id: DefinitionID) -> String { "/definitions/\(id.name)/versions/\(id.version)" }

    /// The definition that a path names.
    private static func name(_ request: HTTPRequest) throws(Problem) -> DefinitionName {
        guard let name = DefinitionName(checking: request.parameters[0]) else {
            throw Problem(404, "not-found", "There is no definition \"\(request.parameters[0].prefix(200))\".")
        }
        return name
    }

    /// The version that a path names.
    private static func version(_ request: HTTPRequest) throws(Problem) -> DefinitionID {
        let name = try name(request)
        guard let version = DefinitionID.version(checking: request.parameters[1]) else {
            throw Problem(
                404, "not-found", "There is no version \"\(request.parameters[1].prefix(200))\" of \"\(name)\".")
        }
        return DefinitionID(name, version: version)
    }
}

extension QueryItems {
    /// How many entries a page shall have at most.
    fileprivate mutating func pageLimit() -> Int {
        value("limit", expected: "a number from 1 to 200") { Int($0).flatMap { (1...200).contains($0) ? $0 : nil } }
            ?? 50
    }
}
