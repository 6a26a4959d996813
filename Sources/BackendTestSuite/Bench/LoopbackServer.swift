import NIOCore
import NIOHTTP1
import NIOPosix

/// A server of HTTP on this machine that says exactly what its handler wants, also what no proper server would.
struct LoopbackServer: Sendable {
    /// A request as a whole.
    struct Request: Sendable {
        var method: String
        var path: String
        var fields: [(name: String, value: String)]
        var body: [UInt8]

        /// The first value of a field, by its name in lower case.
        subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
    }

    /// What goes back.
    struct Reply: Sendable {
        /// Sent one after the other, with so long between them.
        var parts: [[UInt8]]
        var pause: Duration = .zero
        /// Whether the connection is closed behind them.
        var closes = false

        /// An answer.
        static func answer(
            _ status: Int, _ fields: [(name: String, value: String)] = [], _ body: [UInt8] = []
        ) -> Reply {
            Reply(parts: [head(status, fields, length: body.count) + body])
        }

        /// The beginning of an answer.
        static func head(_ status: Int, _ fields: [(name: String, value: String)], length: Int) -> [UInt8] {
            var text = "HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n"
            for field in fields
            where !["content-length", "transfer-encoding", "connection"].contains(field.name.lowercased()) {
                text += "\(field.name): \(field.value)\r\n"
            }
            return Array((text + "Content-Length: \(length)\r\n\r\n").utf8)
        }

        /// Nothing, and the end of the connection.
        static let nothing = Reply(parts: [], closes: true)
    }

    /// Answers a request. Its task is cancelled when whoever sent that has left.
    typealias Handler = @Sendable (Request) async -> Reply

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer>

    /// The port.
    let port: Int
    /// The server's URL.
    var url: String { "http://127.0.0.1:\(port)" }

    /// Calls `body` with a server that is stopped afterwards.
    ///
    /// - Parameters:
    ///   - maxBodyBytes: The longest body of a request that is read; the connection of a longer one is closed.
    ///   - takesParts: Whether a request that breaks off is handled as far as it came.
    static func with<Result: Sendable>(
        maxBodyBytes: Int = WireClient.maxLargeBytes, takesParts: Bool = false, _ handler: @escaping Handler,
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let conversations = Conversations()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
                    try channel.pipeline.syncOperations.addHandler(decoder)
                    let connection = try Connection(wrappingChannelSynchronously: channel)
                    // At once and also when all is over: a connection that nobody takes ends the program.
                    conversations.add(Task { try? await converse(connection, maxBodyBytes, takesParts, handler) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(LoopbackServer(port: listener.localAddress?.port ?? 0)))
        } catch {
            result = .failure(error)
        }
        try? await listener.close()
        await conversations.end()
        return try result.get()
    }

    private static func converse(
        _ connection: Connection, _ maxBodyBytes: Int, _ takesParts: Bool, _ handler: @escaping Handler
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                defer { group.cancelAll() }
                var request: Request?
                do {
                    for try await part in inbound {
                        switch part {
                        case .head(let head):
                            request = Request(
                                method: head.method.rawValue, path: head.uri,
                                fields: head.headers.map { ($0.name, $0.value) },
                                body: [])
                        case .body(let buffer):
                            // What is sent to the suite is as little to be trusted as what is answered.
                            guard (request?.body.count ?? 0) + buffer.readableBytes <= maxBodyBytes else { return }
                            request?.body += Array(buffer.readableBytesView)
                        case .end:
                            guard let whole = request.take() else { continue }
                            // Beside the reading, which is how it shows that the client has left.
                            group.addTask { try await send(await handler(whole), to: outbound, connection) }
                        }
                    }
                } catch {
                    guard takesParts, let part = request else { throw error }
                    _ = await handler(part)
                }
            }
        }
    }

    private static func send(
        _ reply: Reply, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, _ connection: Connection
    ) async throws -> Bool {
        for (index, part) in reply.parts.enumerated() {
            if index > 0, reply.pause > .zero { try await ContinuousClock().sleep(for: reply.pause) }
            try await outbound.write(ByteBuffer(bytes: part))
        }
        // Ends the reading as well.
        if reply.closes { try await connection.channel.close() }
        return reply.closes
    }
}
