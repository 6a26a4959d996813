import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON
import Synchronization

/// Following the events of a run, as a stream or page by page.
final class EventRoutes: Sendable {
    private static let types = [MediaTypes.json, ServerSentEvent.mediaType]
    private let service: WorkflowService
    private let heartbeat: Duration
    private let maxListeners: Int
    private let listeners = ListenerCount()

    init(service: WorkflowService, heartbeat: Duration, maxListeners: Int) {
        self.service = service
        self.heartbeat = heartbeat
        self.maxListeners = maxListeners
    }

    var routes: [Route] {
        [
            Route(
                .get, "/workflows/{workflow_id}/events", .viewer, produces: Self.types,
                .suspending { [self] (request: HTTPRequest) async throws(Problem) -> HTTPResponse in
                    try await events(request)
                })
        ]
    }

    /// How many streams are open.
    var listenerCount: Int { listeners.count.load(ordering: .relaxed) }

    private func events(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var query = QueryItems(request.query)
        let after = query.value("after", expected: "a position", Self.position)
        let limit = query.value("limit", expected: "a number from 1 to 1000") {
            Int($0).flatMap { (1...1000).contains($0) ? $0 : nil }
        }
        try query.finish()
        // Who takes neither is not here; who takes problems alone gets JSON.
        let type = MediaTypes.choose(accept: request.fields.values("accept"), from: Self.types) ?? MediaTypes.json
        if type == ServerSentEvent.mediaType, limit != nil {
            throw Problem(
                400, "query", "The query is not acceptable.",
                issues: [Problem.Issue(parameter: "limit", "a stream has no limit; leave it out or accept JSON")])
        }
        var position = after ?? 0
        var source = "after"
        if let field = request.fields["last-event-id"] {
            guard let last = Self.position(field) else {
                throw Problem(
                    400, "last-event-id", "Last-Event-ID is not a position.",
                    issues: [Problem.Issue(parameter: "Last-Event-ID", "expected a position")])
            }
            position = last
            source = "Last-Event-ID"
        }
        let id = try WorkflowRoutes.id(request)
        let cursor: RunEvents
        let isReached: Bool
        do {
            cursor = try await service.events(of: id, after: position)
            isReached = try await service.hasReached(position, of: id)
        } catch {
            throw Problem(error)
        }
        guard isReached else {
            throw Problem(
                400, "position", "The run has no event at position \(position).",
                issues: [Problem.Issue(parameter: source, "expected the position of an event that there is, or 0")])
        }
        return type == ServerSentEvent.mediaType
            ? try stream(id, cursor) : try await page(id, cursor, limit: limit ?? 500)
    }

    /// Positions stay within the integers that every JSON parser keeps exact (RFC 8259 section 6).
    private static func position(_ text: String) -> Int? {
        Int(text).flatMap { (0...9_007_199_254_740_991).contains($0) ? $0 : nil }
    }

    /// The events that there are, as JSON.
    private func page(_ id: WorkflowID, _ cursor: RunEvents, limit: Int) async throws(Problem) -> HTTPResponse {
        var cursor = cursor
        var events: [RunEvent] = []
        var isFinished = false
        do {
            while events.count < limit {
                guard let more = try await cursor.next(until: service.clock.now) else {
                    isFinished = true
                    break
                }
                if more.isEmpty { break }
                events += more
            }
        } catch {
            throw Problem(error)
        }
        let page = events.prefix(limit)
        var writer = JSONWriter(capacity: 128 * page.count + 64)
        writer.beginObject()
        writer.field("workflow_id")
        writer.string(id.rawValue)
        writer.field("events")
        writer.beginArray()
        for event in page { EventEncoding.write(event, to: &writer) }
        writer.endArray()
        writer.field("next_position")
        writer.integer(page.last?.position ?? cursor.position)
        writer.field("complete")
        writer.bool(isFinished && page.count == events.count)
        writer.endObject()
        return .json(writer.bytes)
    }

    /// The events as they come, with an `end` behind the last.
    private func stream(_ id: WorkflowID, _ cursor: RunEvents) throws(Problem) -> HTTPResponse {
        let listener = Listener(listeners)
        guard listeners.count.load(ordering: .relaxed) <= maxListeners else {
            throw Problem(
                503, "too-many-listeners", "\(maxListeners) event streams are open, which is the limit.",
                fields: [("Retry-After", "5")])
        }
        return HTTPResponse(
            status: 200,
            fields: [
                ("Content-Type", ServerSentEvent.mediaType), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"),
            ],
            body: .stream { [self] writer in
                await follow(id, cursor, writer)
                withExtendedLifetime(listener) {}
            })
    }

    private func follow(_ id: WorkflowID, _ cursor: RunEvents, _ writer: any BodyWriter) async {
        var cursor = cursor
        guard await writer.write(ServerSentEvent.retry(milliseconds: 1000)) else { return }
        while !Task.isCancelled {
            let events: [RunEvent]?
            do {
                events = try await cursor.next(until: service.clock.now.advanced(by: heartbeat))
            } catch {
                // The client connects again and goes on behind the last event that it has.
                return
            }
            guard let events else {
                let status = (try? await service.load(id))?.context.status.rawValue
                let data = JSONWriter.bytes(of: [
                    "workflow_id": .string(id.rawValue), "status": status.map { .string($0) } ?? .null,
                    "position": .integer(Int64(cursor.position)),
                ])
                _ = await writer.write(ServerSentEvent.bytes(event: "end", data: data))
                return
            }
            var bytes = events.isEmpty ? ServerSentEvent.heartbeat : []
            for event in events {
                var json = JSONWriter(capacity: 256)
                EventEncoding.write(event, to: &json)
                bytes += ServerSentEvent.bytes(
                    event: EventEncoding.type(of: event), id: String(event.position), data: json.bytes)
            }
            guard await writer.write(bytes) else { return }
        }
    }
}

/// How many streams are open.
private final class ListenerCount: Sendable {
    let count = Atomic<Int>(0)
}

/// One open stream, counted as long as its answer exists, also when nobody comes to read it.
private final class Listener: Sendable {
    private let listeners: ListenerCount

    init(_ listeners: ListenerCount) {
        self.listeners = listeners
        listeners.count.add(1, ordering: .relaxed)
    }

    deinit { listeners.count.subtract(1, ordering: .relaxed) }
}
