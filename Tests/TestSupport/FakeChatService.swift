package import FlowJSON
package import FlowTesting
import Synchronization

/// Stands in for a service of language models, of which none can be had in a test: it speaks the wire format of OpenAI's
/// chat completions over HTTP on a real socket, and says what the test wrote down for it.
///
/// Each part of an answer is a chunk of the body and a segment of its own, so that a test decides where segments end.
package final class FakeChatService: Sendable {
    /// A request as the service got it.
    package struct Request: Sendable {
        package var line = ""
        package var fields: [(name: String, value: String)] = []
        package var body: JSONValue = .null

        package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    private let listener: RawListener
    private let reply: @Sendable (Request) -> ChatReply
    private let log = Mutex<[Request]>([])
    /// Opened when a client has left before its answer was complete.
    package let left = Gate()

    /// The base of the service, as `base_url` names it.
    package var url: String { "http://127.0.0.1:\(listener.port)/v1" }
    /// What it was sent, in order.
    package var requests: [Request] { log.withLock { $0 } }

    private init(_ reply: @escaping @Sendable (Request) -> ChatReply) throws {
        listener = try RawListener()
        self.reply = reply
    }

    /// Calls `body` with a service that is stopped afterwards.
    ///
    /// - Parameter reply: What it answers.
    package static func with<Result: Sendable>(
        _ reply: @escaping @Sendable (Request) -> ChatReply, _ body: (FakeChatService) async throws -> Result
    ) async throws -> Result {
        let service = try FakeChatService(reply)
        return try await service.listener.serving({ await service.answer($0) }, { try await body(service) })
    }

    private func answer(_ connection: RawConnection) async {
        guard let request = await Self.request(connection) else { return }
        log.withLock { $0.append(request) }
        let reply = reply(request)
        await withTaskGroup(of: Bool.self) { group in
            // Clients send nothing behind their request: what comes next is the end of the connection.
            group.addTask { await connection.receive()?.isEmpty == true }
            // Whichever side of the connection notices first that the client has left.
            group.addTask { await !reply.send(on: connection) }
            if await group.next() == true { left.open() }
            group.cancelAll()
            connection.finish()
        }
    }

    private static func request(_ connection: RawConnection) async -> Request? {
        var bytes: [UInt8] = []
        let mark = Array("\r\n\r\n".utf8)
        while bytes.firstRange(of: mark) == nil {
            guard let part = await connection.receive(), !part.isEmpty else { return nil }
            bytes += part
        }
        guard let end = bytes.firstRange(of: mark) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var request = Request()
        request.line = lines.first.map { String($0) } ?? ""
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            request.fields.append((parts[0].lowercased(), String(parts.last?.drop { $0 == " " } ?? "")))
        }
        let length = request["content-length"].flatMap { Int($0) } ?? 0
        var body = Array(bytes[end.upperBound...])
        while body.count < length {
            guard let part = await connection.receive(), !part.isEmpty else { return nil }
            body += part
        }
        request.body = (try? JSONParser.parse(body)) ?? .null
        return request
    }
}
