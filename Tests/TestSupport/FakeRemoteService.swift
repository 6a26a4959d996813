import Synchronization

/// Stands in for a remote backend that misbehaves, as no real one does on demand: raw bytes on a real socket, after which
/// the connection is closed. What a test does not script is answered as a healthy backend would.
package final class FakeRemoteService: Sendable {
    /// What happens when a request has come.
    package enum Reply: Sendable {
        /// These bytes are sent as they stand, and the connection is closed.
        case bytes(String)
        /// An answer of this status, type and body.
        case answer(Int, type: String, String, more: String = "")
        /// The connection is reset.
        case reset
        /// Nothing is sent until the client leaves.
        case silence
        /// These bytes are sent as they stand, and nothing more until the client leaves.
        case open(String)
        /// These bytes are sent, and then more without an end, until the client leaves.
        case endless(String)
        /// An answer after which the connection is used again: bytes that tell their end.
        case kept(String)

        /// An answer of JSON.
        package static func json(_ text: String, status: Int = 200) -> Reply {
            .answer(status, type: "application/json", text)
        }

        /// An answer of JSON after which the connection is used again.
        package static func keptJSON(_ text: String) -> Reply {
            .kept(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
            )
        }
    }

    private let listener: RawListener
    private let script: @Sendable (String) -> Reply?
    private let log = Mutex<[String]>([])
    private let counts = Mutex<[Int]>([])
    private let open = Mutex<(isStopped: Bool, connections: [RawConnection])>((false, []))
    private let endless = Mutex(0)

    /// How many requests came on each connection, in the order in which they were opened; none for one that was only opened.
    package var requestsByConnection: [Int] { counts.withLock { $0 } }
    /// How many bytes of endless answers were sent.
    package var endlessBytes: Int { endless.withLock { $0 } }

    package var url: String { "http://127.0.0.1:\(listener.port)" }
    /// The heads of all requests, with their bodies.
    package var requests: [String] { log.withLock { $0 } }

    private init(_ script: @escaping @Sendable (String) -> Reply?) throws {
        listener = try RawListener()
        self.script = script
    }

    /// Calls `body` with a service that is stopped afterwards.
    ///
    /// - Parameter script: What is answered to a request line without its version; `nil` for what a healthy backend says.
    package static func with<Result: Sendable>(
        _ script: @escaping @Sendable (String) -> Reply?, _ body: (FakeRemoteService) async throws -> Result
    ) async throws -> Result {
        let service = try FakeRemoteService(script)
        return try await service.listener.serving({ await service.answer($0) }) {
            defer { service.finish() }
            return try await body(service)
        }
    }

    /// Closes what clients keep open.
    private func finish() {
        let connections = open.withLock { open in
            open.isStopped = true
            return open.connections
        }
        for connection in connections { connection.finish() }
    }

    private func answer(_ connection: RawConnection) async {
        let number = counts.withLock { counts in
            counts.append(0)
            return counts.count - 1
        }
        let isStopped = open.withLock { open in
            open.connections.append(connection)
            return open.isStopped
        }
        while !isStopped, await answerNext(connection, number) {}
        connection.finish()
    }

    /// - Returns: whether the connection is used again.
    private func answerNext(_ connection: RawConnection, _ number: Int) async -> Bool {
        guard let request = await Self.request(connection) else { return false }
        log.withLock { $0.append(request) }
        counts.withLock { $0[number] += 1 }
        let line = request.prefix { $0 != "\r\n" }.split(separator: " ").prefix(2).joined(separator: " ")
        switch script(line) ?? Self.healthy(line) {
        case .bytes(let text): await connection.send(text)
        case .answer(let status, let type, let body, let more):
            await connection.send(
                "HTTP/1.1 \(status) Said\r\nContent-Type: \(type)\r\n\(more)Connection: close\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        case .reset: connection.reset()
        case .silence: _ = await connection.receive()
        case .open(let text):
            await connection.send(text)
            _ = await connection.receive()
        case .endless(let text):
            await connection.send(text)
            let part = [UInt8](repeating: UInt8(ascii: " "), count: 64 << 10)
            while await connection.send(part) { endless.withLock { $0 += part.count } }
        case .kept(let text): return await connection.send(text)
        }
        return false
    }

    private static func healthy(_ line: String) -> Reply {
        switch line {
        case "GET /": .json(#"{"name": "fake", "version": "1", "node_types": ["x"]}"#)
        case "GET /capabilities":
            .json(#"{"streaming": true, "parallel": true, "async": false, "distributed": true}"#)
        case "GET /health": .json(#"{"healthy": true}"#)
        case "POST /nodes/validate": .json(#"{"valid": true, "errors": []}"#)
        default: .json(#"{"success": true, "output": 1, "error": null}"#)
        }
    }

    private static func request(_ connection: RawConnection) async -> String? {
        var bytes: [UInt8] = []
        let mark = Array("\r\n\r\n".utf8)
        while true {
            if let end = bytes.firstRange(of: mark) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let field = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                let length = field.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
                if bytes.count >= end.upperBound + length { return String(decoding: bytes, as: UTF8.self) }
            }
            guard let part = await connection.receive(), !part.isEmpty else { return nil }
            bytes += part
        }
    }
}
