import FlowHTTP
package import FlowTesting
import MicroHTTPD
import Synchronization

/// A request as the service that was called sees it.
package struct RecordedRequest: Sendable {
    let request: HTTPRequest

    package var method: String { request.method.description }
    package var path: String { request.path }
    package var query: String? { request.query }
    package var body: String { String(decoding: request.body, as: UTF8.self) }
    package subscript(name: String) -> String? { request.fields[name.lowercased()] }
}

/// What such a service answers.
package struct RecordedReply: Sendable {
    package var status: Int
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether the body is sent in chunks, without its length.
    package var isChunked = false
    /// Where a body in chunks waits behind its first one.
    package var gate: Gate?
    /// What is opened once such a body has ended, because all was sent or the client has left.
    package var ended: Gate?

    package init(_ status: Int = 200, _ fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// An answer of text.
    package static func text(_ text: String, type: String, status: Int = 200) -> RecordedReply {
        RecordedReply(status, [("Content-Type", type)], body: Array(text.utf8))
    }

    /// An answer that leads elsewhere.
    package static func redirect(_ status: Int, to location: String) -> RecordedReply {
        RecordedReply(status, [("Location", location)])
    }

    var response: HTTPResponse {
        guard isChunked || gate != nil else { return HTTPResponse(status: status, fields: fields, body: .bytes(body)) }
        return HTTPResponse(
            status: status, fields: fields,
            body: .stream { [body, gate, ended] writer in
                defer { ended?.open() }
                for start in stride(from: 0, to: body.count, by: 1000) {
                    guard await writer.write(Array(body[start..<min(start + 1000, body.count)])) else { return }
                    _ = await gate?.pass()
                }
            })
    }
}

/// A service to be called: a real server that keeps what it was sent.
package final class RecordingServer: Sendable {
    private let log = Mutex<[RecordedRequest]>([])
    private let port = Mutex(0)

    /// Where it is.
    package var url: String { "http://127.0.0.1:\(port.withLock { $0 })" }
    /// What it was sent, in order.
    package var requests: [RecordedRequest] { log.withLock { $0 } }

    private final class Responder: HTTPResponder {
        private let server: RecordingServer
        private let reply: @Sendable (RecordedRequest) async -> RecordedReply

        init(server: RecordingServer, reply: @escaping @Sendable (RecordedRequest) async -> RecordedReply) {
            self.server = server
            self.reply = reply
        }

        func refuse(_ head: inout HTTPRequest) -> HTTPResponse? { nil }

        func respond(to request: HTTPRequest) -> HTTPAnswer {
            let recorded = RecordedRequest(request: request)
            server.log.withLock { $0.append(recorded) }
            return .later { [reply] in await reply(recorded).response }
        }

        func finish(_ response: inout HTTPResponse, to request: HTTPRequest) {}
    }

    /// Calls `body` with a service that is stopped afterwards.
    ///
    /// - Parameter reply: What it answers.
    package static func with<Result: Sendable>(
        _ reply: @escaping @Sendable (RecordedRequest) async -> RecordedReply,
        _ body: (RecordingServer) async throws -> Result
    ) async throws -> Result {
        let recording = RecordingServer()
        var options = ServerOptions()
        options.port = 0
        options.loops = 1
        let server = try HTTPServer(options: options, responder: Responder(server: recording, reply: reply))
        recording.port.withLock { $0 = server.port }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(recording)) } catch { result = .failure(error) }
        await server.stop(grace: .milliseconds(100))
        return try result.get()
    }
}
