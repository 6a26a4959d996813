import FlowHTTP
import FlowJSON
import FlowTesting
import Foundation
import MicroHTTPD
import TestSupport
import Testing

/// What libmicrohttpd refuses by itself, before anybody else sees it.
@Suite("requests that the library refuses", .timeLimit(.minutes(2)))
struct RefusalTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        let status: Int
        let kind: String
        let request: String
        var testDescription: String { name }

        init(_ name: String, _ status: Int, _ kind: String, _ request: String) {
            self.name = name
            self.status = status
            self.kind = kind
            self.request = request
        }
    }

    private static let get = "GET /a HTTP/1.1\r\nHost: x\r\n"
    private static let post = "POST /a HTTP/1.1\r\nHost: x\r\n"
    private static let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"

    static let all = [
        Refused("sign before the length", 400, "framing", post + "Content-Length: +4\r\n\r\nbody"),
        Refused("text as the length", 400, "framing", post + "Content-Length: many\r\n\r\nbody"),
        Refused("number and text as the length", 400, "framing", post + "Content-Length: 4x\r\n\r\nbody"),
        Refused("empty length", 400, "framing", post + "Content-Length:\r\n\r\nbody"),
        Refused(
            "length beyond all numbers", 413, "content-too-large",
            post + "Content-Length: 99999999999999999999999999\r\n\r\nbody"),
        Refused("chunk that is no number", 400, "framing", chunked + "body\r\nbody\r\n0\r\n\r\n"),
        Refused("chunk longer than it says", 400, "framing", chunked + "2\r\nbody\r\n0\r\n\r\n"),
        Refused(
            "chunk beyond all numbers", 413, "content-too-large",
            chunked + "ffffffffffffffffffffffffff\r\nbody\r\n0\r\n\r\n"),
        Refused("trailer that is no field", 400, "framing", chunked + "4\r\nbody\r\n0\r\nno field\r\n\r\n"),
        Refused("line that is no field", 400, "malformed-header", get + "no field\r\n\r\n"),
        Refused("first line that is no field", 400, "malformed-header", "GET /a HTTP/1.1\r\nno field\r\n\r\n"),
        Refused("version that is none", 400, "malformed-header", "GET /a HTTQ/1.1\r\nHost: x\r\n\r\n"),
        Refused("version of the future", 505, "version", "GET /a HTTP/2.0\r\nHost: x\r\n\r\n"),
        Refused("version of the past", 505, "version", "GET /a HTTP/0.9\r\nHost: x\r\n\r\n"),
        Refused(
            "endless target", 414, "target-too-long",
            "GET /" + String(repeating: "a", count: 64 << 10) + " HTTP/1.1\r\nHost: x\r\n\r\n"),
        Refused(
            "endless field", 431, "header-too-large",
            get + "X-A: " + String(repeating: "a", count: 64 << 10) + "\r\n\r\n"),
        Refused(
            "endless fields", 431, "header-too-large", get + String(repeating: "A: b\r\n", count: 2000) + "\r\n"),
        Refused(
            "endless cookies", 431, "header-too-large",
            get + "Cookie: " + String(repeating: "a=b;", count: 2000) + "\r\n\r\n"),
        Refused(
            "endless cookies and a length that is no number", 431, "header-too-large",
            post + "Content-Length: many\r\nCookie: " + String(repeating: "a=b;", count: 2000) + "\r\n\r\n"),
    ]

    /// What is checked of an answer that closes its connection.
    static func check(_ text: String, _ refused: Refused) throws {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
        #expect(text.hasPrefix("HTTP/1.1 \(refused.status) "), "\(text.prefix(200))")
        #expect(text.components(separatedBy: "HTTP/1.1 \(refused.status) ").count == 2, "one answer: \(text)")
        let head = try #require(parts.first)
        #expect(head.contains("Content-Type: application/problem+json") && head.contains("Connection: close"))
        #expect(head.contains("X-Finished: yes"))
        let body = try #require(parts.last)
        let problem = try JSONParser.parse(Array(body.utf8))
        #expect(problem["status"]?.integer == Int64(refused.status))
        #expect(problem["type"]?.string == "urn:flowcore:problem:\(refused.kind)")
    }

    @Test("what cannot be read is answered with one problem, however it comes in", arguments: all, [1, 2, 40])
    func problem(_ refused: Refused, pieces: Int) async throws {
        try await withServer { server, _ in
            let connection = try await RawConnection(port: server.port)
            let bytes = Array(refused.request.utf8)
            let size = (bytes.count + pieces - 1) / pieces
            for start in stride(from: 0, to: bytes.count, by: size) {
                guard await connection.send(Array(bytes[start..<min(start + size, bytes.count)])) else { break }
            }
            try Self.check(await connection.receiveAll(), refused)
            try await settle(server, at: 0)
            try await until { server.liveObjects == 0 }
        }
    }

    @Test("answers before it arrive, and those of other connections are not touched", arguments: all)
    func others(_ refused: Refused) async throws {
        try await withServer({ $0.loops = 1 }) { server, responder in
            // One that waits in each phase: without a request, in a head, in a body, in a handler.
            var waiting: [RawConnection] = []
            for start in ["", "GET /b HTTP/1.1\r\nHost: x\r\n", Self.chunked, "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n"] {
                let connection = try await RawConnection(port: server.port)
                await connection.send(start)
                waiting.append(connection)
            }
            await responder.gate.arrivals(1)
            let connection = try await RawConnection(port: server.port)
            await connection.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await ResponseReader(connection).response()?.text == "GET /first - 0")
            await connection.send(refused.request)
            try Self.check(await connection.receiveAll(), refused)
            responder.gate.open()
            let ends = ["GET /c HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n", "4\r\nbody\r\n0\r\n\r\n", ""]
            let texts = ["GET /c - 0", "GET /b - 0", "POST /a - 4 body", "open"]
            for (connection, (end, text)) in zip(waiting, zip(ends, texts)) {
                await connection.send(end)
                #expect(await ResponseReader(connection).response()?.text == text)
            }
        }
    }

    @Test("a refused request whose body then cannot be read gets its refusal")
    func refusedBefore() async throws {
        try await withServer { server, _ in
            let connection = try await RawConnection(port: server.port)
            await connection.send(
                "POST /refused HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n")
            let all = await connection.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 404 ") && all.contains("urn:flowcore:problem:not-found"))
        }
    }
}
