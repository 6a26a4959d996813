import FlowJSON
import Foundation
import TestSupport
import Testing

/// The workflows of `config/workflows`, run by the program on a server, which is also the service that they call.
@Suite("the sample workflows", .timeLimit(.minutes(2)))
struct SampleTests {
    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: CommandTests.examples)) ?? []).sorted()

    /// The exit code of `flowcore run`, and what its output has to hold.
    static let outcomes: [String: (code: Int32, output: JSONValue)] = [
        "01-check-the-server.json": (
            0, ["alive": ["body": ["status": "alive"]], "capabilities": ["body": ["parallel": true]]]
        ),
        "02-sequence.yaml": (0, ["greeting": "hello", "times": 2]),
        "03-fan-out.yaml": (0, ["red": ["light": "white"], "green": ["light": "white"], "blue": ["light": "white"]]),
        "04-failure.yaml": (1, .null),
        "05-order-intake.yaml": (0, ["order_id": 17, "total": 120.0, "reviewed": false, "shipped": true]),
        "06-check-services.yaml": (0, ["says": "1 of 3 down"]),
        "07-wait-until-ready.yaml": (0, "the server is ready"),
    ]

    /// A copy of a sample that calls a server's port.
    static func copy(_ name: String, for server: ServerProcess) throws -> String {
        let text = try text(of: CommandTests.examples + "/" + name)
        let own = text.replacing("http://127.0.0.1:8080", with: "http://127.0.0.1:\(server.port)")
        return try file(name, own, in: try madeDirectory())
    }

    @Test("there are samples")
    func areThere() { #expect(Self.files.count > 6) }

    @Test("a sample is valid, and gives what it says", arguments: files)
    func sample(name: String) async throws {
        let outcome = try #require(Self.outcomes[name], "nobody says what comes of \(name)")
        let server = try await ServerProcess(data: temporaryDirectory())
        let path = try Self.copy(name, for: server)
        #expect(try await flowcore(["validate", path]).code == 0)
        let result = try await flowcore(["run", path, "--server", "http://127.0.0.1:\(server.port)"])
        #expect(result.code == outcome.code, "\(result.error)")
        #expect(try JSONParser.parse(result.output).holds(outcome.output), "\(result.output)")
        if outcome.code == 1 { #expect(result.error.contains("nothing is left")) }
        #expect(try await server.stop() == 0)
    }

    @Test("the samples that call no service run without a server", arguments: ["02-sequence.yaml", "03-fan-out.yaml"])
    func local(name: String) async throws {
        let result = try await flowcore(["run", CommandTests.examples + "/" + name])
        #expect(result.code == 0, "\(result.error)")
        #expect(try JSONParser.parse(result.output).holds(try #require(Self.outcomes[name]).output))
    }

    static let answers: [(answer: JSONValue, shipped: Bool)] = [
        (["output": ["approved": true]], true), (["output": ["approved": false]], false),
        (["error": ["message": "no"]], false),
    ]

    @Test("a large order waits for its review, whose answer decides", arguments: answers.indices)
    func review(index: Int) async throws {
        let server = try await ServerProcess(data: temporaryDirectory())
        let path = try Self.copy("05-order-intake.yaml", for: server)
        let url = "http://127.0.0.1:\(server.port)"
        let input: JSONValue = ["order_id": 18, "total": 1500, "shop": .string(url), "carrier": "livez"]
        let text = String(decoding: JSONWriter.bytes(of: input), as: UTF8.self)
        async let result = flowcore(["run", path, "--server", url, "--input", text])
        var run: JSONValue?
        while run == nil {
            run = try await server.client.send("GET", "/workflows?status=interrupted").json["workflows"]?[0]
        }
        let id = run?["workflow_id"]?.string ?? ""
        let node = try await server.client.send("GET", "/workflows/\(id)/nodes/review").json
        #expect(node["interrupt"]?["prompt"] == "Ship order 18 for 1800.0?", "\(node)")
        let (answer, shipped) = Self.answers[index]
        #expect(try await server.client.send("POST", "/workflows/\(id)/nodes/review/resume", answer).status == 202)
        let ended = try await result
        #expect(ended.code == 0, "\(ended.error)")
        let output = try JSONParser.parse(ended.output)
        #expect(output == ["order_id": 18, "total": 1800.0, "reviewed": true, "shipped": .bool(shipped)])
        #expect(try await server.stop() == 0)
    }
}
