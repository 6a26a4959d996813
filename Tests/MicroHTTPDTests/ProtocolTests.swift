import FlowHTTP
import FlowJSON
import FlowTesting
import MicroHTTPD
import TestSupport
import Testing

@Suite("HTTP/1.1 over a socket", .timeLimit(.minutes(2)))
struct ProtocolTests {
    @Test("a connection is kept for further requests")
    func keepAlive() async throws {
        try await withServer { server, _ in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            for index in 0..<20 {
                await connection.send("GET /a\(index)?q=\(index) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await reader.response()?.text == "GET /a\(index) q=\(index) 0")
            }
        }
    }

    @Test("pipelined requests are answered in order, those that wait included")
    func pipelining() async throws {
        try await withServer { server, responder in
            responder.gate.open()
            let connection = try await RawConnection(port: server.port)
            let paths = ["/one", "/gate", "/hop", "/stream", "/two", "/empty", "/three"]
            await connection.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
            let reader = ResponseReader(connection)
            var texts: [String] = []
            for _ in paths { texts.append(await reader.response()?.text ?? "closed") }
            #expect(
                texts == [
                    "GET /one - 0", "open", "from an actor", "first second", "GET /two - 0", "", "GET /three - 0",
                ])
        }
    }

    @Test("bodies come by length and in chunks, and a client may ask first")
    func bodies() async throws {
        try await withServer { server, _ in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            await connection.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            #expect(await reader.response()?.text == "POST /p - 5 hello")
            await connection.send(
                "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
            )
            #expect(await reader.response()?.text == "POST /p - 11 hello world")
            await connection.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            let interim = await connection.receive() ?? []
            #expect(String(decoding: interim, as: UTF8.self).hasPrefix("HTTP/1.1 100 "))
            await connection.send("hi")
            #expect(await reader.response()?.text == "POST /p - 2 hi")
        }
    }

    @Test("HEAD tells the length of the body that GET has, and no more")
    func head() async throws {
        try await withServer { server, _ in
            let client = TestClient(port: server.port)
            let response = try await client.send("HEAD", "/a")
            #expect(response.status == 200 && response["content-length"] == "11" && response.body.isEmpty)
        }
    }

    @Test("a refused request with a small body leaves the connection usable")
    func refusal() async throws {
        try await withServer { server, _ in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            await connection.send("POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            #expect(await reader.response()?.status == 404)
            await connection.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await reader.response()?.text == "GET /next - 0")
        }
    }

    @Test("a streamed body arrives while it is made")
    func streaming() async throws {
        try await withServer { server, responder in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            await connection.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await reader.head()?["transfer-encoding"] == "chunked")
            #expect(await reader.chunk() == Array("first ".utf8))
            responder.gate.open()
            #expect(await reader.chunk() == Array("second".utf8))
            #expect(await reader.chunk() == nil)
        }
    }

    @Test("a reader that takes its time gets all of a large stream")
    func largeStream() async throws {
        try await withServer { server, _ in
            let response = try await TestClient(port: server.port).send("GET", "/flood")
            #expect(response.body.count == 64 * 65536)
        }
    }

    @Test("two servers cannot share a port")
    func portInUse() async throws {
        try await withServer { server, responder in
            var options = ServerOptions()
            options.port = server.port
            #expect(throws: ServerError.self) { try HTTPServer(options: options, responder: responder) }
        }
    }

    @Test("a certificate that is none is refused at the start")
    func badCertificate() async throws {
        var options = ServerOptions()
        options.port = 0
        options.tls = ServerOptions.TLS(certificate: "none", key: "none")
        #expect(throws: ServerError.self) { try HTTPServer(options: options, responder: TestResponder()) }
    }
}
