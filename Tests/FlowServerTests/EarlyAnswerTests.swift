import FlowHTTP
import FlowJSON
import FlowServer
import MicroHTTPD
import TestSupport
import Testing

/// Requests that are answered before they are whole, by whoever: all are logged and counted, once.
@Suite("the log of requests that were cut short", .timeLimit(.minutes(1)))
struct EarlyAnswerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let status: Int
        let method: String?
        let path: String?
        let request: String
        var testDescription: String { name }
        /// Whether it is answered for its lateness.
        var isLate: Bool { status == 408 || status == 503 }
        /// Whether time has to pass before it is answered.
        var waits: Bool { isLate || name == "late body of a refused request" }

        init(_ name: String, _ status: Int, _ method: String?, _ path: String?, _ request: String) {
            self.name = name
            self.status = status
            self.method = method
            self.path = path
            self.request = request
        }
    }

    private static let waiting = JSONWriter.bytes(
        of: ["workflow": workflow([node("a", "delay", ["duration": "1h"])])])

    static let cases = [
        Case("late header", 408, nil, "/late", "GET /late?key=secret HTTP/1.1\r\nHost: x\r\n"),
        Case(
            "late body", 408, "POST", "/workflows",
            "POST /workflows?key=secret HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        ),
        Case(
            "late body of a refused request", 405, "PATCH", "/workflows",
            "PATCH /workflows HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"),
        Case(
            "handler that takes too long", 503, "POST", "/workflows",
            "POST /workflows HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nPrefer: wait=3600\r\n"
                + "Content-Length: \(waiting.count)\r\n\r\n" + String(decoding: waiting, as: UTF8.self)),
        Case("two hosts", 400, "GET", "/a", "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
        Case(
            "long target", 414, "GET", "/",
            "GET /?" + String(repeating: "a", count: 5000) + " HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case(
            "body over the limit", 413, "POST", "/workflows",
            "POST /workflows HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"),
        Case("line that is no field", 400, nil, "/a", "GET /a?key=secret HTTP/1.1\r\nno field\r\n\r\n"),
        Case("line that is no request", 400, nil, nil, "GET /a HTTQ/1.1\r\n\r\n"),
        Case(
            "endless field", 431, nil, "/a",
            "GET /a HTTP/1.1\r\nX-A: " + String(repeating: "a", count: 64 << 10) + "\r\n\r\n"),
        Case(
            "chunk that is none", 400, "POST", "/workflows",
            "POST /workflows HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n?\r\n"
        ),
    ]

    @Test("a request that is answered before its end is logged and counted once", arguments: cases)
    func once(_ expected: Case) async throws {
        let keeper = LogKeeper()
        let time = TestTime()
        var options = TestServer.Options()
        options.makeLogger = keeper.logger
        options.application.accessLog = .all
        options.http.now = { time.now }
        options.application.now = { time.now }
        options.http.idleTimeout = .seconds(1_000_000_000)
        options.http.sendTimeout = options.http.idleTimeout
        let id = try await TestServer.with(options) { server in
            let connection = try await RawConnection(port: server.client.port)
            // Once an answer has come, it is the idle time that goes by until the next request has begun.
            await connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" + expected.request)
            let reader = ResponseReader(connection)
            #expect(await reader.response()?.status == 200)
            // The time of a request that is not late stands still: on a busy machine it would be over before the end.
            let answer =
                expected.waits ? await time.runs { await reader.response() } : await reader.response()
            #expect(answer?.status == expected.status && answer?.isProblem == true)
            #expect(answer?["x-content-type-options"] == "nosniff")
            #expect(await connection.receiveAll().isEmpty)
            let metrics = try await server.client.send("GET", "/metrics").text
            #expect(metrics.contains("flowcore_http_requests_total{status=\"\(expected.status / 100)xx\"} 1\n"))
            #expect(metrics.contains("flowcore_http_request_duration_seconds_count 2\n"))
            return answer?["x-request-id"]
        }
        let entries = keeper.all.filter { $0.message == "request answered" && $0.metadata["status"] != "200" }
        #expect(entries.count == 1)
        let entry = try #require(entries.first?.metadata)
        #expect(entry["status"] == "\(expected.status)" && entry["method"] == expected.method)
        #expect(entry["path"] == expected.path)
        #expect(entry["client"] == "127.0.0.1")
        #expect(entry["request_id"]?.isEmpty == false && entry["request_id"] == id)
        let duration = try #require(entry["duration_us"].flatMap { Int($0) })
        // At least as long as the time that the request had.
        #expect(duration >= (expected.isLate ? 300_000_000 : 0))
        #expect(!"\(entry)".contains("secret"))
    }
}
