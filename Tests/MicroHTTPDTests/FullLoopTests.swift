import MicroHTTPD
import TestSupport
import Testing

@Suite("a loop at its limit", .timeLimit(.minutes(2)))
struct FullLoopTests {
    @Test("after all of a full loop's connections have closed, it takes new ones", arguments: ["idle", "reset", "one"])
    func full(way: String) async throws {
        let limit = way == "one" ? 1 : 8
        try await withServer({
            $0.loops = 1
            $0.maxConnections = limit
            if way == "idle" { $0.idleTimeout = .milliseconds(300) }
        }) { server, _ in
            var served: [RawConnection] = []
            for _ in 0..<limit {
                let connection = try await RawConnection(port: server.port)
                await connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await ResponseReader(connection).response()?.status == 200)
                served.append(connection)
            }
            if way != "idle" { for connection in served { connection.reset() } }
            if way == "idle" { for connection in served { #expect(await connection.receiveAll().isEmpty) } }
            #expect(try await TestClient(port: server.port).send("GET", "/b").status == 200)
        }
    }
}
