import FlowHTTP
import FlowJSON
import Testing

@Suite("routing", .timeLimit(.minutes(1)))
struct RoutingTests {
    static func responder() -> RoutedResponder {
        func echo(_ name: String) -> Route.Handler {
            .immediate { request in .text("\(name)\(request.parameters)", type: "text/plain") }
        }
        return RoutedResponder(
            router: Router([
                Route(.get, "/", .anyone, echo("root")), Route(.get, "/a", .anyone, echo("a")),
                Route(.post, "/a", .anyone, takesBody: true, echo("post")), Route(.get, "/a/{x}", .anyone, echo("x")),
                Route(.get, "/a/match", .anyone, echo("match")), Route(.get, "/a/{x}/b/{y}", .anyone, echo("xy")),
                Route(
                    .get, "/later", .anyone,
                    .suspending { (_: HTTPRequest) async throws(Problem) -> HTTPResponse in
                        throw Problem(409, "conflict", "no")
                    }),
            ]), middleware: [IdentityMiddleware(prefix: "p-")])
    }

    static func send(_ method: HTTPMethod, _ path: String, body: [UInt8] = [], fields: [(String, String)] = []) async
        -> HTTPResponse
    {
        var given = RequestFields()
        for field in fields { given.append(field.0, field.1) }
        var request = HTTPRequest(RequestHead(method: method, path: path, fields: given))
        let responder = responder()
        if let refusal = responder.refuse(&request) { return refusal }
        request.body = body
        return await responder.respond(to: request).response
    }

    static let found: [(HTTPMethod, String, String)] = [
        (.get, "/", "root[]"), (.get, "/a", "a[]"), (.head, "/a", "a[]"), (.post, "/a", "post[]"),
        (.get, "/a/1", "x[\"1\"]"),
        (.get, "/a/match", "match[]"), (.get, "/a/1/b/2", "xy[\"1\", \"2\"]"), (.get, "/a/%C3%A9%2F", "x[\"é/\"]"),
        (.get, "/a/..", "x[\"..\"]"),
    ]

    @Test("paths lead to their routes, literal segments first", arguments: found.indices)
    func routes(index: Int) async {
        let (method, path, text) = Self.found[index]
        let response = await Self.send(method, path)
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no body")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test("other paths are not found", arguments: ["/b", "/a/", "//a", "/a/1/b", "/a/%", "/A", "a", "/a/%ff"])
    func notFound(path: String) async { #expect(await Self.send(.get, path).status == 404) }

    @Test("other methods are told which there are")
    func methods() async {
        let response = await Self.send(.delete, "/a")
        #expect(response.status == 405 && response["allow"] == "GET, HEAD, POST, OPTIONS")
        let options = await Self.send(.options, "/a")
        #expect(options.status == 204 && options["allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(await Self.send(.options, "*").status == 204)
    }

    @Test("a body where none belongs is refused")
    func body() async { #expect(await Self.send(.get, "/a", body: [1]).status == 400) }

    @Test("problems that are thrown later are problem documents too")
    func later() async throws {
        let response = await Self.send(.get, "/later")
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no body")
            return
        }
        let problem = try JSONParser.parse(bytes)
        #expect(response.status == 409 && problem["instance"] == "/later")
    }

    @Test("an id of the client's own is kept when it is plain, and a trace is answered")
    func identity() async {
        #expect(await Self.send(.get, "/a", fields: [("X-Request-Id", "mine-1")])["x-request-id"] == "mine-1")
        #expect(await Self.send(.get, "/a", fields: [("X-Request-Id", "a b")])["x-request-id"] == "p-1")
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        #expect(await Self.send(.get, "/a", fields: [("traceparent", trace)])["traceparent"] == trace)
        #expect(await Self.send(.get, "/a", fields: [("traceparent", "00-0-0-00")])["traceparent"] == nil)
    }
}
