import FlowBackends
import FlowCore
import NIOCore
import NIOPosix

extension WireClient {
    /// Opens a connection, sends bytes as they stand, and closes it.
    ///
    /// - Throws: ``ConformanceSkip`` when the backend's URL is not one of plain HTTP.
    func sendRaw(_ bytes: (_ authority: String, _ path: String) -> [UInt8]) async throws {
        guard let target = try await calls.plainTarget(base) else {
            throw ConformanceSkip(
                reason: "the backend is reached by https, on which the suite sends nothing that is cut off")
        }
        let scheme = "http://".count + target.authority.count
        let path = String(base.dropFirst(scheme))
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(3))
            .connect(host: target.address, port: target.port).get()
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes(target.authority, path)))
        // The backend may have closed it first.
        try? await channel.close()
    }

    /// The head of a request and so much of its body.
    func part(
        of body: [UInt8], upTo count: Int, _ fields: [(name: String, value: String)], authority: String, path: String
    ) -> [UInt8] {
        var text = "POST \(path)/nodes/execute HTTP/1.1\r\nHost: \(authority)\r\nContent-Type: application/json\r\n"
        for field in self.fields + fields { text += "\(field.name): \(field.value)\r\n" }
        text += "Content-Length: \(body.count)\r\n\r\n"
        return Array(text.utf8) + body.prefix(count)
    }
}
