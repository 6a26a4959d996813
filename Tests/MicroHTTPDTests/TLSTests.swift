import FlowHTTP
import Foundation
import MicroHTTPD
import TestSupport
import Testing

/// Clients that take their time on an encrypted port.
@Suite("deadlines under TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    /// Calls `body` with a server that speaks TLS and gives a header so long to come.
    static func with(_ headerTimeout: Duration, _ body: (HTTPServer) async throws -> Void) async throws {
        let files = try await certificate(in: try madeDirectory())
        let tls = ServerOptions.TLS(certificate: try text(of: files.certificate), key: try text(of: files.key))
        try await withServer({
            $0.tls = tls
            $0.headerTimeout = headerTimeout
        }) { server, _ in try await body(server) }
    }

    /// The first bytes of a handshake: a record of 512 bytes is announced, and some of it comes.
    static let hello: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]

    @Test("a client that never ends its handshake is dropped", arguments: [[], hello, Array(hello.prefix(3))])
    func handshake(bytes: [UInt8]) async throws {
        try await Self.with(.milliseconds(300)) { server in
            let connection = try await RawConnection(port: server.port)
            await connection.send(bytes)
            // Whatever the server says at last, it closes.
            while let part = await connection.receive(), !part.isEmpty {}
            try await settle(server, at: 0)
        }
    }

    @Test("a client that ends its handshake and sends no header is dropped")
    func header() async throws {
        // Long enough for the handshake on a busy machine.
        try await Self.with(.seconds(5)) { server in
            // It stays until the server closes, having nothing to send.
            let client = try await command(
                "openssl", ["s_client", "-quiet", "-connect", "127.0.0.1:\(server.port)"])
            #expect(client.error.contains("CN = localhost") || client.error.contains("CN=localhost"), "\(client.error)")
            try await settle(server, at: 0)
        }
    }

    @Test("a client that talks in clear text is dropped, and the next is served")
    func clearText() async throws {
        try await Self.with(.seconds(10)) { server in
            let connection = try await RawConnection(port: server.port)
            await connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await connection.receiveAll().hasPrefix("HTTP/") == false)
            let curl = try await command("curl", ["-sSk", "https://127.0.0.1:\(server.port)/a"])
            #expect(curl.output == "GET /a - 0", "\(curl.error)")
        }
    }

    @Test("what the library refuses by itself is a problem here as well")
    func refused() async throws {
        try await Self.with(.seconds(60)) { server in
            let curl = try await command(
                "curl",
                [
                    "-sSki", "--http1.1", "-H", "X-A: " + String(repeating: "a", count: 32 << 10),
                    "https://127.0.0.1:\(server.port)/a",
                ])
            try RefusalTests.check(curl.output, RefusalTests.Refused("field", 431, "header-too-large", ""))
            try await settle(server, at: 0)
        }
    }

    @Test("a length that is no number is refused without a body here, since the library begins the answer twice")
    func malformedLength() async throws {
        try await Self.with(.seconds(60)) { server in
            let curl = try await command(
                "curl",
                [
                    "-sSki", "--http1.1", "-H", "Content-Length: many", "-d", "body",
                    "https://127.0.0.1:\(server.port)/a",
                ])
            #expect(curl.output.hasPrefix("HTTP/1.1 400 ") && curl.output.contains("Content-Length: 0\r\n"))
            #expect(curl.output.hasSuffix("\r\n\r\n") && curl.output.components(separatedBy: "HTTP/").count == 2)
            try await settle(server, at: 0)
        }
    }
}
