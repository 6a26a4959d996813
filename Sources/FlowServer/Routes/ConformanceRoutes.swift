import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// Judging backends.
struct ConformanceRoutes: Sendable {
    private static let xml = "application/xml"
    private static let junit = "application/junit+xml"
    private static let types = [MediaTypes.json, ServerSentEvent.mediaType, xml, junit]

    let service: WorkflowService
    let runs: ConformanceRuns
    let json: JSONBody
    let heartbeat: Duration

    var routes: [Route] {
        [
            Route(.post, "/backends/{name}/conformance-runs", .submitter, takesBody: true, .suspending(begin)),
            Route(.get, "/backends/{name}/conformance-runs", .viewer, .suspending(list)),
            Route(
                .get, "/backends/{name}/conformance-runs/{run_id}", .viewer, produces: Self.types, .suspending(read)),
        ]
    }

    @Sendable private func begin(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        let name = try BackendRoutes.backend(request, in: service.registry).name
        var fields = FieldReader(try json.optionalObject(request) ?? JSONObject(), at: [])
        var wish = ConformanceWish()
        let levels = ConformanceLevel.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        if let level = fields.value(
            "level", expected: "one of \(levels)", { $0.string.flatMap(ConformanceLevel.init(rawValue:)) })
        {
            wish.level = level
        }
        wish.only = fields.texts("only") ?? []
        wish.samples = fields.object("samples") ?? JSONObject()
        wish.opensGates = wish.samples.isEmpty || request.access >= .admin
        let issues = fields.finish()
        guard issues.isEmpty else { throw .invalid(issues) }
        let run: ConformanceRun
        do { run = try await runs.begin(wish, on: name) } catch { throw Problem(error) }
        var response = HTTPResponse.json(
            JSONWriter.bytes(of: ConformanceEncoding.json(run, withCases: true)), status: 202)
        response.fields.append(("Location", "/backends/\(name)/conformance-runs/\(run.id)"))
        return response
    }

    @Sendable private func list(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let name = try BackendRoutes.backend(request, in: service.registry).name
        var items = QueryItems(request.query)
        let before = items.value("cursor", expected: "a cursor of an earlier page") {
            Int64($0).flatMap { $0 > 0 ? $0 : nil }
        }
        let limit =
            items.value("limit", expected: "a number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            } ?? 50
        try items.finish()
        let page: (runs: [ConformanceRun], next: Int64?)
        do { page = try await runs.list(name, before: before, limit: limit) } catch { throw Problem(error) }
        let body: JSONValue = [
            "conformance_runs": .array(page.runs.map { ConformanceEncoding.json($0, withCases: false) }),
            "next_cursor": page.next.map { .string(String($0)) } ?? .null,
        ]
        var response = HTTPResponse.json(JSONWriter.bytes(of: body))
        if let next = page.next { response.linkNext(String(next), after: request) }
        return response
    }

    @Sendable private func read(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        let name = try BackendRoutes.backend(request, in: service.registry).name
        let type = MediaTypes.choose(accept: request.fields.values("accept"), from: Self.types) ?? MediaTypes.json
        var seen = 0
        if let field = request.fields["last-event-id"] {
            guard let last = Int(field), (0...1_000_000).contains(last) else {
                throw Problem(
                    400, "last-event-id", "Last-Event-ID is not a position.",
                    issues: [Problem.Issue(parameter: "Last-Event-ID", "expected a position")])
            }
            seen = last
        }
        let live = runs.live(request.parameters[1], of: name)
        let run: ConformanceRun
        do { run = try await runs.load(request.parameters[1], of: name) } catch { throw Problem(error) }
        switch type {
        case ServerSentEvent.mediaType: return stream(run, live, after: seen)
        case Self.xml, Self.junit: return .text(runs.ordered(run).report.junit(name: name.rawValue), type: type)
        default: return .json(JSONWriter.bytes(of: ConformanceEncoding.json(runs.ordered(run), withCases: true)))
        }
    }

    /// The results as they come or came, with an `end` behind the last.
    private func stream(_ run: ConformanceRun, _ live: LiveConformanceRun?, after seen: Int) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            fields: [
                ("Content-Type", ServerSentEvent.mediaType), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"),
            ],
            body: .stream { [self] writer in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await beat(writer) }
                    await follow(run, live, after: seen, writer)
                    group.cancelAll()
                }
            })
    }

    /// Shows a client that waits for long that the server is there, and finds out whether the client is.
    private func beat(_ writer: any BodyWriter) async {
        let clock = service.clock
        while true {
            do { try await clock.sleep(until: clock.now.advanced(by: heartbeat), tolerance: nil) } catch { return }
            guard await writer.write(ServerSentEvent.heartbeat) else { return }
        }
    }

    private func follow(
        _ run: ConformanceRun, _ live: LiveConformanceRun?, after seen: Int, _ writer: any BodyWriter
    ) async {
        var count = seen
        guard await writer.write(ServerSentEvent.retry(milliseconds: 1000)) else { return }
        guard let live else {
            return await finish(run, Self.events(Array(run.report.results.dropFirst(seen)), after: seen), writer)
        }
        while true {
            let news = await live.news(after: count)
            let bytes = Self.events(news.results, after: count)
            count += news.results.count
            if news.hasEnded { return await finish(live.run, bytes, writer) }
            if Task.isCancelled { return }
            if !bytes.isEmpty { guard await writer.write(bytes) else { return } }
        }
    }

    private func finish(_ run: ConformanceRun, _ bytes: [UInt8], _ writer: any BodyWriter) async {
        let end = JSONWriter.bytes(of: ConformanceEncoding.json(run, withCases: false))
        _ = await writer.write(bytes + ServerSentEvent.bytes(event: "end", data: end))
    }

    private static func events(_ results: [ConformanceResult], after count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, result) in results.enumerated() {
            bytes += ServerSentEvent.bytes(
                event: "case", id: String(count + index + 1), data: JSONWriter.bytes(of: result.json))
        }
        return bytes
    }
}
