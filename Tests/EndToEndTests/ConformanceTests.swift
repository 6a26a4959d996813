import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("flowcore conformance", .timeLimit(.minutes(2)))
struct ConformanceTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/examples/backend.py").path()

    @Test("a URL is judged, and the report comes as text, as JSON and as XML")
    func url() async throws {
        try await ScriptProcess.with(["python3", Self.script, "0"]) { line in
            let url = try #require(line.split(separator: " ").last).trimmingCharacters(in: .whitespacesAndNewlines)
            let text = try await flowcore(["conformance", url])
            #expect(text.code == 0, "\(text.output)\(text.error)")
            #expect(text.output.contains("level L3 passed whole") && text.output.contains("0 failed"))
            let json = try await flowcore(["conformance", url, "--json", "--level", "L1"])
            let report = try JSONParser.parse(json.output)
            #expect(json.code == 0 && report["status"] == "passed" && report["level"] == "L1")
            let xml = try await flowcore(["conformance", url, "--junit", "--only", "errors", "--only", "L0.http.*"])
            #expect(xml.code == 0 && xml.output.hasPrefix("<?xml") && xml.output.contains("L0.http.head"))
        }
    }

    @Test(
        "a server that is stopped while it judges ends as ever, however far it was",
        arguments: [0, 10, 40, 70, 95, 110]
    )
    func stop(judged: Int) async throws {
        let server = try await ServerProcess(data: temporaryDirectory())
        let path = "/backends/native/conformance-runs"
        let id = try #require(try await server.client.send("POST", path).json["id"]?.string)
        try await until {
            let run = try await server.client.send("GET", "\(path)/\(id)").json
            let cases = run["cases"]?.array ?? []
            return cases.count { $0["outcome"] != nil && $0["outcome"] != .null } >= judged
                || run["status"] != "running"
        }
        #expect(try await server.stop() == 0)
    }

    @Test("who follows a judgement is told of its end when the server is stopped, and finds it after the next start")
    func followed() async throws {
        let data = temporaryDirectory()
        let server = try await ServerProcess(data: data)
        let path = "/backends/native/conformance-runs"
        let location = try #require(try await server.client.send("POST", path)["location"])
        let connection = try await RawConnection(port: server.port)
        await connection.send("GET \(location) HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        let reader = ResponseReader(connection)
        #expect(await reader.head()?.status == 200)
        var text = String(decoding: await reader.chunk() ?? [], as: UTF8.self)
        server.signal(SIGTERM)
        while let chunk = await reader.chunk() { text += String(decoding: chunk, as: UTF8.self) }
        #expect(serverSentEvents(text).last?.type == "end")
        #expect(serverSentEvents(text).last?.data["status"] == "cancelled", "\(text.suffix(500))")
        #expect(try await server.exit() == 0)
        let second = try await ServerProcess(data: data)
        let run = try await second.client.send("GET", location).json
        #expect(run["status"] == "cancelled" && run["ended_at"] != .null, "\(run)")
        #expect(try await second.stop() == 0)
    }

    @Test("a backend of a server is named, with its samples in a file; a case that fails is told with what came")
    func name() async throws {
        let directory = try madeDirectory()
        let samples = try file("samples.yaml", "echoes:\n  type: set\n  config: { value: 1 }\n", in: directory)
        let server = try await ServerProcess(data: directory + "/data")
        let url = "http://127.0.0.1:\(server.port)"
        let good = try await flowcore(["conformance", "native", "--server", url, "--level", "L2"])
        #expect(good.code == 0 && good.output.contains("level L2 passed whole"), "\(good.output)\(good.error)")
        let bad = try await flowcore(
            ["conformance", "native", "--server", url, "--samples", samples, "--only", "L1.node.input-reaches-it"])
        #expect(bad.code == 1, "\(bad.output)\(bad.error)")
        for part in ["FAIL", "L1.node.input-reaches-it", "expected: ", "received: ", "sent: "] {
            #expect(bad.output.contains(part), "\(bad.output)")
        }
        let nobody = try await flowcore(["conformance", "nobody", "--server", url])
        #expect(nobody.code == 69 && nobody.error.contains("404"), "\(nobody.error)")
        #expect(try await server.stop() == 0)
    }

    @Test("what cannot be judged has its own exit codes")
    func codes() async throws {
        #expect(try await flowcore(["conformance", "http://127.0.0.1:1"]).code == 69)
        #expect(try await flowcore(["conformance"]).code == 64)
        #expect(try await flowcore(["conformance", "native", "--level", "L7"]).code == 64)
        #expect(try await flowcore(["conformance", "native", "--json", "--junit"]).code == 64)
        #expect(try await flowcore(["conformance", "native", "--only", "no-such"]).code == 66)
        let half = try await flowcore(
            ["conformance", "native", "--only", "L1.errors", "--only", "L2.nothing", "--only", "no-such"])
        #expect(half.code == 66 && half.error.contains("\"L2.nothing\", \"no-such\""), "\(half.error)")
        let above = try await flowcore(["conformance", "native", "--level", "L0", "--only", "L1.errors"])
        #expect(above.code == 66 && above.error.contains("up to level L0"), "\(above.error)")
        #expect(try await flowcore(["conformance", "native", "--samples", "/no/such/file"]).code == 66)
        let list = try await flowcore(["conformance", "--list", "--level", "L0"])
        #expect(list.code == 0 && list.output.hasPrefix("L0.description.answers: ") && !list.output.contains("L1."))
    }
}
