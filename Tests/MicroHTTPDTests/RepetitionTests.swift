import FlowHTTP
import MicroHTTPD
import TestSupport
import Testing

@Suite("Requests that come again on a connection", .timeLimit(.minutes(2)))
struct RepetitionTests {
    @Test("a request for the same again goes the same way, and one that differs in anything goes its own")
    func again() async throws {
        let told: @Sendable (HTTPRequest) throws(Problem) -> HTTPResponse = { request in
            .text("\(request.method) \(request.parameters) \(request.query ?? "-")", type: "text/plain")
        }
        let router = Router([
            Route(.get, "/a/{x}", .anyone, .immediate(told)), Route(.delete, "/a/{x}", .anyone, .immediate(told)),
            Route(.get, "/a/{x}/b/{y}", .anyone, .immediate(told)),
        ])
        try await withServer(responder: RoutedResponder(router: router, middleware: [])) { server in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            for (line, answer) in [
                ("GET /a/1", #"GET ["1"] -"#), ("GET /a/1", #"GET ["1"] -"#), ("DELETE /a/1", #"DELETE ["1"] -"#),
                ("DELETE /a/1", #"DELETE ["1"] -"#), ("GET /a/1", #"GET ["1"] -"#), ("HEAD /a/1", ""),
                ("GET /a/2", #"GET ["2"] -"#), ("GET /a/2?q", #"GET ["2"] q"#), ("GET /a/2?q", #"GET ["2"] q"#),
                ("GET /a/2", #"GET ["2"] -"#), ("GET /a/2/b/3", #"GET ["2", "3"] -"#), ("GET /a/2", #"GET ["2"] -"#),
            ] {
                await connection.send("\(line) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await reader.response(toHead: line.hasPrefix("HEAD"))?.text == answer, "\(line)")
            }
            await connection.send("POST /a/2 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await reader.response()?.status == 405)
            await connection.send("GET /a/2 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
            #expect(await reader.response()?.status == 400)
        }
    }

    @Test("an answer that goes out again tells of each request what is its own")
    func sameAnswer() async throws {
        let bodies = [Array("one".utf8), Array("two".utf8), [UInt8](repeating: 120, count: 100_000)]
        let router = Router([
            Route(
                .get, "/{x}", .anyone,
                .immediate { request in
                    var response = HTTPResponse.json(bodies[Int(request.parameters[0]) ?? 0])
                    for value in request.fields.values("x-tell") { response.fields.append(("X-Told", value)) }
                    return response
                })
        ])
        let responder = RoutedResponder(router: router, middleware: [IdentityMiddleware(prefix: "id-")])
        try await withServer(responder: responder) { server in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"
            let steps: [(path: String, fields: [String], told: [String])] = [
                ("0", [], []), ("0", [], []), ("0", ["X-Request-Id: mine"], []), ("0", ["X-Request-Id: mine"], []),
                ("0", ["traceparent: \(trace)0"], []), ("0", ["traceparent: \(trace)1"], []), ("0", [], []),
                ("1", [], []),
                ("2", [], []), ("2", [], []), ("0", ["X-Tell: a", "X-Tell: b"], ["a", "b"]),
                ("0", ["X-Tell: c", "X-Tell: b"], ["c", "b"]), ("0", ["X-Tell: c"], ["c"]), ("0", ["X-Tell: d"], ["d"]),
                ("0", ["Connection: close"], []),
            ]
            var generated = 0
            for (index, step) in steps.enumerated() {
                let isHead = index == 1
                let fields = step.fields.map { $0 + "\r\n" }.joined()
                await connection.send(
                    "\(isHead ? "HEAD" : "GET") /\(step.path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
                let response = try #require(await reader.response(toHead: isHead), "\(index)")
                let hasOwn = step.fields.contains("X-Request-Id: mine")
                if !hasOwn { generated += 1 }
                #expect(response.values("x-request-id") == [hasOwn ? "mine" : "id-\(generated)"], "\(index)")
                let traces = step.fields.filter { $0.hasPrefix("traceparent") }.map { String($0.dropFirst(13)) }
                #expect(response.values("traceparent") == traces, "\(index)")
                #expect(response.values("x-told") == step.told, "\(index)")
                #expect(response.values("content-type") == ["application/json"], "\(index)")
                #expect(response.values("connection") == (step.fields == ["Connection: close"] ? ["close"] : []))
                #expect(response.body == (isHead ? [] : bodies[Int(step.path) ?? 0]), "\(index)")
            }
            #expect(await reader.response() == nil)
        }
    }

    @Test("of fields that come again none is missed that has changed, come or gone")
    func sameFields() async throws {
        let router = Router([
            Route(
                .get, "/", .anyone,
                .immediate { request in
                    .text(["a", "b", "host"].map { "\($0)=\(request.fields.values($0))" }.joined(), type: "text/plain")
                })
        ])
        try await withServer(responder: RoutedResponder(router: router, middleware: [])) { server in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            for (fields, told) in [
                (["A: 1", "B: 2"], #"a=["1"]b=["2"]"#), (["A: 1", "B: 2"], #"a=["1"]b=["2"]"#),
                (["A: 1", "B: 3"], #"a=["1"]b=["3"]"#), (["A: 1"], #"a=["1"]b=[]"#),
                (["A: 1", "B: 2", "A: 3"], #"a=["1", "3"]b=["2"]"#), (["B: 2", "A: 1"], #"a=["1"]b=["2"]"#),
                (["AB: 2", "A: 1"], #"a=["1"]b=[]"#), (["A: 21", "A: 1"], #"a=["21", "1"]b=[]"#),
                ([], #"a=[]b=[]"#), (["A: 1"], #"a=["1"]b=[]"#),
            ] {
                let lines = (["Host: x"] + fields).map { $0 + "\r\n" }.joined()
                await connection.send("GET / HTTP/1.1\r\n\(lines)\r\n")
                #expect(await reader.response()?.text == told + #"host=["x"]"#, "\(fields)")
            }
        }
    }

    @Test("fields that come again are judged anew by another version of the protocol, and so is the length of a body")
    func sameFieldsOtherwise() async throws {
        try await withServer { server, _ in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            for body in ["one", "two"] {
                await connection.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n\(body)")
                #expect(await reader.response()?.text == "POST /p - 3 \(body)")
            }
            await connection.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nfour")
            #expect(await reader.response()?.text == "POST /p - 4 four")
            // Without a host the older version is content, the newer is not.
            for (version, status) in [("1.0", 200), ("1.0", 200), ("1.1", 400)] {
                await connection.send("GET /a HTTP/\(version)\r\nConnection: keep-alive\r\n\r\n")
                #expect(await reader.response()?.status == status)
            }
        }
    }

    @Test("a request that comes again after a long silence is answered like the first")
    func afterSilence() async throws {
        let time = TestTime()
        let body = Array("the same".utf8)
        let router = Router([Route(.get, "/", .anyone, .immediate { _ in HTTPResponse.json(body) })])
        let responder = RoutedResponder(router: router, middleware: [IdentityMiddleware(prefix: "id-")])
        try await withServer({ $0.now = { time.now } }, responder: responder) { server in
            let silent = try await RawConnection(port: server.port)
            let other = try await RawConnection(port: server.port)
            let (reader, otherReader) = (ResponseReader(silent), ResponseReader(other))
            let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            for round in 0..<3 {
                for number in 1...2 {
                    await silent.send(request)
                    let response = await reader.response()
                    #expect(
                        response?.text == "the same" && response?.values("x-request-id") == ["id-\(3 * round + number)"]
                    )
                }
                time.advance(by: .seconds(10))
                // Has the loops look at what is silent.
                await other.send(request)
                #expect(await otherReader.response()?.text == "the same")
            }
        }
    }
}
