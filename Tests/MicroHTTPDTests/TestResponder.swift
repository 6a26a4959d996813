import FlowHTTP
import FlowTesting
import MicroHTTPD
import TestSupport

/// Answers that exercise every way through the server.
final class TestResponder: HTTPResponder {
    let gate = Gate()

    func refuse(_ head: inout HTTPRequest) -> HTTPResponse? {
        guard head.path == "/refused" else { return nil }
        var response = Problem(404, "not-found", "refused").response(instance: head.path)
        finish(&response, to: head)
        return response
    }

    func respond(to request: HTTPRequest) -> HTTPAnswer {
        switch request.path {
        case "/gate":
            return .later { [gate] in
                let opened = await gate.pass()
                return .text(opened ? "open" : "cancelled", type: "text/plain")
            }
        case "/hop":
            // Leaves the loop for another thread and comes back.
            return .later {
                let text = await Elsewhere().text
                return .text(text, type: "text/plain")
            }
        case "/stream":
            return .ready(
                HTTPResponse(
                    status: 200, fields: [("Content-Type", "text/plain")],
                    body: .stream { [gate] writer in
                        guard await writer.write(Array("first ".utf8)) else { return }
                        _ = await gate.pass()
                        _ = await writer.write(Array("second".utf8))
                    }))
        case "/flood":
            return .ready(
                HTTPResponse(
                    status: 200, fields: [("Content-Type", "text/plain")],
                    body: .stream { writer in
                        let block = [UInt8](repeating: 120, count: 65536)
                        for _ in 0..<64 { guard await writer.write(block) else { return } }
                    }))
        case "/empty": return .ready(HTTPResponse(status: 204))
        default:
            var text = "\(request.method) \(request.path) \(request.query ?? "-") \(request.body.count)"
            if !request.body.isEmpty, request.body.count < 100 {
                text += " " + String(decoding: request.body, as: UTF8.self)
            }
            return .ready(.text(text, type: "text/plain"))
        }
    }

    func finish(_ response: inout HTTPResponse, to request: HTTPRequest) {
        response.fields.append(("X-Finished", "yes"))
    }
}

private actor Elsewhere {
    var text: String { "from an actor" }
}

/// Options whose deadlines a starved machine does not meet: a test of a deadline sets it.
func patientOptions() -> ServerOptions {
    var options = ServerOptions()
    options.port = 0
    options.headerTimeout = .seconds(600)
    options.bodyTimeout = .seconds(600)
    options.idleTimeout = .seconds(600)
    options.sendTimeout = .seconds(600)
    options.answerTimeout = .seconds(600)
    return options
}

/// Calls `body` with a server and the responder behind it.
func withServer<Result: Sendable>(
    _ change: (inout ServerOptions) -> Void = { _ in }, _ body: (HTTPServer, TestResponder) async throws -> Result
) async throws -> Result {
    var options = patientOptions()
    change(&options)
    let responder = TestResponder()
    let server = try HTTPServer(options: options, responder: responder)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(server, responder)) } catch { result = .failure(error) }
    responder.gate.open()
    await server.stop(grace: .milliseconds(100))
    return try result.get()
}

/// Calls `body` with a server and a responder of the test's own behind it.
func withServer<Result: Sendable>(
    _ change: (inout ServerOptions) -> Void = { _ in }, responder: some HTTPResponder,
    _ body: (HTTPServer) async throws -> Result
) async throws -> Result {
    var options = patientOptions()
    change(&options)
    let server = try HTTPServer(options: options, responder: responder)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    await server.stop(grace: .milliseconds(100))
    return try result.get()
}

/// Waits until the server has so many connections.
func settle(_ server: HTTPServer, at count: Int) async throws {
    try await until { await server.connectionCount == count }
}
