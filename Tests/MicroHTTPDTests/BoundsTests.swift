import FlowHTTP
import FlowTesting
import MicroHTTPD
import Synchronization
import TestSupport
import Testing

/// What the server keeps of connections, and how it learns that a client has left.
@Suite("bounds of connections", .timeLimit(.minutes(2)))
struct BoundsTests {
    static let request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test(
        "a connection beyond the limit waits, and is served when another closes",
        arguments: [2, 3, 8])
    func connections(limit: Int) async throws {
        try await withServer({
            $0.loops = 1
            $0.maxConnections = limit
        }) { server, _ in
            var served: [RawConnection] = []
            for _ in 0..<limit {
                let connection = try await RawConnection(port: server.port)
                await connection.send(Self.request)
                #expect(await ResponseReader(connection).response()?.status == 200)
                served.append(connection)
            }
            let next = try await RawConnection(port: server.port)
            await next.send(Self.request)
            let isServed = Mark()
            let waiting = Task {
                let response = await ResponseReader(next).response()
                isServed.set()
                return response
            }
            // The loop has every chance to take the other in while it serves those that it has.
            for _ in 0..<50 {
                for connection in served {
                    await connection.send(Self.request)
                    #expect(await ResponseReader(connection).response()?.status == 200)
                }
                #expect(await server.connectionCount == limit)
            }
            #expect(!isServed.isSet)
            served.removeFirst().reset()
            #expect(await waiting.value?.status == 200)
            #expect(await server.connectionCount <= limit)
        }
    }

    @Test("a client that does not take its answer is cut off, and who makes the answer is told")
    func sendTimeout() async throws {
        let ended = Gate()
        let responder = ClosureResponder { _ in
            .ready(
                HTTPResponse(
                    status: 200, fields: [("Content-Type", "text/plain")],
                    body: .stream { writer in
                        let block = [UInt8](repeating: 120, count: 65536)
                        while await writer.write(block) {}
                        ended.open()
                    }))
        }
        try await withServer({ $0.sendTimeout = .milliseconds(300) }, responder: responder) { server in
            let connection = try await RawConnection(port: server.port)
            await connection.send(Self.request)
            _ = await ended.pass()
            try await settle(server, at: 0)
            // What had been sent by then is there, its end is not.
            let all = await connection.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 200 ") && !all.hasSuffix("\r\n0\r\n\r\n"))
        }
    }

    @Test("a stream much larger than what waits for a client arrives whole")
    func backPressure() async throws {
        let size = 32 << 20
        let responder = ClosureResponder { _ in
            .ready(
                HTTPResponse(
                    status: 200, fields: [("Content-Type", "text/plain")],
                    body: .stream { writer in
                        let block = [UInt8](repeating: 120, count: 1 << 20)
                        for _ in 0..<32 { guard await writer.write(block) else { return } }
                    }))
        }
        try await withServer(responder: responder) { server in
            let connection = try await RawConnection(port: server.port)
            await connection.send(Self.request)
            let reader = ResponseReader(connection)
            _ = await reader.head()
            var count = 0
            while let chunk = await reader.chunk() { count += chunk.count }
            #expect(count == size)
        }
    }

    enum Departure: CaseIterable {
        case reset, closed, halfClosed
    }

    @Test("a stream whose client leaves ends its producer, however it leaves", arguments: Departure.allCases)
    func departure(_ departure: Departure) async throws {
        let gate = Gate()
        let ended = Gate()
        let responder = ClosureResponder { _ in
            .ready(
                HTTPResponse(
                    status: 200, fields: [("Content-Type", "text/event-stream")],
                    body: .stream { writer in
                        guard await writer.write(Array("data: first\n\n".utf8)) else { return }
                        // Waits for an event that never comes.
                        let isOpen = await gate.pass()
                        #expect(!isOpen)
                        #expect(await writer.write(Array("data: second\n\n".utf8)) == false)
                        ended.open()
                    }))
        }
        try await withServer(responder: responder) { server in
            try await Self.leave(server.port, departure, gate)
            _ = await ended.pass()
            try await settle(server, at: 0)
        }
    }

    /// Reads the first event and leaves.
    private static func leave(_ port: Int, _ departure: Departure, _ gate: Gate) async throws {
        let connection = try await RawConnection(port: port)
        await connection.send(request)
        let reader = ResponseReader(connection)
        #expect(await reader.head()?["content-type"] == "text/event-stream")
        #expect(await reader.chunk() == Array("data: first\n\n".utf8))
        await gate.arrivals(1)
        switch departure {
        case .reset: connection.reset()
        case .closed: break
        case .halfClosed:
            connection.finishSending()
            #expect(await reader.chunk() == nil)
        }
    }

    @Test("a stream that writes now and then ends once its client has left, also when it waits for nothing")
    func departureWhileWriting() async throws {
        let ended = Gate()
        let responder = ClosureResponder { _ in
            .ready(
                HTTPResponse(
                    status: 200, fields: [("Content-Type", "text/event-stream")],
                    body: .stream { writer in
                        while await writer.write(Array(": heartbeat\n\n".utf8)) { await Task.yield() }
                        ended.open()
                    }))
        }
        try await withServer(responder: responder) { server in
            let connection = try await RawConnection(port: server.port)
            await connection.send(Self.request)
            let reader = ResponseReader(connection)
            _ = await reader.head()
            for _ in 0..<3 { #expect(await reader.chunk()?.isEmpty == false) }
            connection.reset()
            _ = await ended.pass()
            try await settle(server, at: 0)
        }
    }

    @Test("a half that is closed while its handler waits closes the connection without a reply, and ends the handler")
    func halfClosed() async throws {
        let gate = Gate()
        let ended = Gate()
        let responder = ClosureResponder { request in
            guard request.path == "/a" else { return .ready(.text("here", type: "text/plain")) }
            return .later {
                let isOpen = await gate.pass()
                #expect(!isOpen)
                ended.open()
                return .text("late", type: "text/plain")
            }
        }
        try await withServer(responder: responder) { server in
            let connection = try await RawConnection(port: server.port)
            await connection.send(Self.request)
            await gate.arrivals(1)
            connection.finishSending()
            #expect(await connection.receiveAll().isEmpty)
            _ = await ended.pass()
            try await settle(server, at: 0)
            #expect(try await TestClient(port: server.port).send("GET", "/b").text == "here")
        }
    }

    @Test("a half that is closed behind a whole request that is answered at once gets its answer")
    func halfClosedAtOnce() async throws {
        try await withServer { server, _ in
            let connection = try await RawConnection(port: server.port)
            await connection.send(
                "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
            connection.finishSending()
            #expect(await connection.receiveAll().hasSuffix("POST /a - 4 body"))
        }
    }
}

/// Answers with what a closure says.
final class ClosureResponder: HTTPResponder {
    private let answer: @Sendable (HTTPRequest) -> HTTPAnswer

    init(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPAnswer) { self.answer = answer }

    func refuse(_ head: inout HTTPRequest) -> HTTPResponse? { nil }

    func respond(to request: HTTPRequest) -> HTTPAnswer { answer(request) }

    func finish(_ response: inout HTTPResponse, to request: HTTPRequest) {}
}

/// Whether something has happened.
final class Mark: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
