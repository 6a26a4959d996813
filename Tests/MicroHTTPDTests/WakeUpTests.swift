import FlowHTTP
import FlowTesting
import MicroHTTPD
import TestSupport
import Testing

/// What the library does not notice by itself, and the loop tells it. Without that a loop sleeps for a quarter of a second
/// each time: the numbers are such that the limit on time tells.
@Suite("wake-ups of loops", .timeLimit(.minutes(1)))
struct WakeUpTests {
    @Test("an answer that another thread completes goes out at once, with no other traffic")
    func resumed() async throws {
        try await withServer({ $0.loops = 1 }) { server, _ in
            let connection = try await RawConnection(port: server.port)
            let reader = ResponseReader(connection)
            for _ in 0..<400 {
                await connection.send("GET /hop HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await reader.response()?.text == "from an actor")
            }
        }
    }

    @Test("an answer that the handler of another connection completes goes out at once, with no other traffic")
    func resumedWithin() async throws {
        let gates = (0..<400).map { _ in Gate() }
        let responder = ClosureResponder { request in
            let parts = request.path.split(separator: "/")
            let gate = gates[Int(parts[1]) ?? 0]
            return .later {
                // The other handler goes on while the library is still busy with this one.
                if parts[0] == "open" { gate.open() } else { _ = await gate.pass() }
                return .text(request.path, type: "text/plain")
            }
        }
        try await withServer({ $0.loops = 1 }, responder: responder) { server in
            let waiting = try await RawConnection(port: server.port)
            let opening = try await RawConnection(port: server.port)
            let readers = [ResponseReader(waiting), ResponseReader(opening)]
            for (number, gate) in gates.enumerated() {
                await waiting.send("GET /wait/\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
                await gate.arrivals(1)
                await opening.send("GET /open/\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await readers[1].response()?.text == "/open/\(number)")
                #expect(await readers[0].response()?.text == "/wait/\(number)")
            }
        }
    }

    @Test("a part of a stream that another thread writes goes out at once, with no other traffic")
    func streamed() async throws {
        let responder = ClosureResponder { _ in
            .ready(
                HTTPResponse(
                    status: 200, fields: [("Content-Type", "text/plain")],
                    body: .stream { writer in
                        for number in 0..<400 {
                            // By way of another thread each time.
                            let text = await Task.detached { "part \(number)" }.value
                            guard await writer.write(Array(text.utf8)) else { return }
                        }
                    }))
        }
        try await withServer({ $0.loops = 1 }, responder: responder) { server in
            let response = try await TestClient(port: server.port).send("GET", "/a")
            #expect(response.text.hasSuffix("part 399"))
        }
    }

    @Test("a connection that waited for a place is taken in as soon as there is one, with no other traffic")
    func listener() async throws {
        try await withServer({
            $0.loops = 1
            $0.maxConnections = 1
        }) { server, _ in
            var current = try await RawConnection(port: server.port)
            await current.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await ResponseReader(current).response()?.status == 200)
            for _ in 0..<400 {
                let next = try await RawConnection(port: server.port)
                await next.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                current.reset()
                #expect(await ResponseReader(next).response()?.status == 200)
                current = next
            }
        }
    }
}
