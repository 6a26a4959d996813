import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("flowcore run", .timeLimit(.minutes(2)))
struct RunCommandTests {
    static let fanOut = CommandTests.examples + "/03-fan-out.yaml"

    @Test("an input comes from a file as it does from the command line, here and on a server")
    func inputFile() async throws {
        let folder = try madeDirectory()
        let input = try file("input.json", "{\n  \"light\": \"é\"\n}\n", in: folder)
        let server = try await ServerProcess(data: temporaryDirectory())
        for place in [[], ["--server", "http://127.0.0.1:\(server.port)"]] {
            let result = try await flowcore(["run", Self.fanOut, "--input", "@" + input] + place)
            #expect(result.code == 0, "\(result.error)")
            #expect(try JSONParser.parse(result.output)["blue"] == ["light": "é"])
        }
        #expect(try await server.stop() == 0)
    }

    @Test(
        "an input that cannot be read ends the command with 66 and the reason, and nothing runs",
        arguments: ["@missing.json", "@broken.json", "@", "{\"a\":", "[1] 2", "{\"a\":1,\"a\":2}", ""])
    func refusedInput(input: String) async throws {
        let folder = try madeDirectory()
        _ = try file("broken.json", "{\"light\":", in: folder)
        let value = input.hasPrefix("@") && input.count > 1 ? "@" + folder + "/" + input.dropFirst() : input
        let result = try await flowcore(["run", Self.fanOut, "--input", value])
        #expect(result.code == 66 && result.output.isEmpty, "\(result.code) \(result.output)")
        #expect(result.error.contains("--input"), "\(result.error)")
    }

    static let keys: [(name: String, option: String?, variable: String?, code: Int32)] = [
        ("none", nil, nil, 66), ("as an option", "submit-key-0123456", nil, 0),
        ("as a variable", nil, "submit-key-0123456", 0),
        ("the option wins when it is right", "submit-key-0123456", "wrong-key-01234567", 0),
        ("the option wins when it is wrong", "wrong-key-01234567", "submit-key-0123456", 66),
        ("of a role that may not", "viewer-key-0123456", nil, 66),
    ]

    @Test("a server with keys takes the one of the option, else that of the variable")
    func keys() async throws {
        let server = try await ServerProcess(
            data: temporaryDirectory(),
            environment: ["FLOWCORE_AUTH_API_KEYS": "viewer:viewer-key-0123456,submitter:submit-key-0123456"])
        for (name, option, variable, code) in Self.keys {
            let words = ["run", Self.fanOut, "--input", "{}", "--server", "http://127.0.0.1:\(server.port)"]
            let result = try await flowcore(
                words + (option.map { ["--key", $0] } ?? []),
                environment: ["FLOWCORE_API_KEY": variable ?? ""].filter { !$0.value.isEmpty })
            #expect(result.code == code, "\(name): \(result.error)")
            #expect(result.output.isEmpty == (code != 0), "\(name): \(result.output)")
            for key in [option, variable] where key != nil {
                #expect(!result.error.contains(key ?? ""), "a key is shown to nobody")
            }
        }
        let headers = ["Authorization": "Bearer viewer-key-0123456"]
        let runs = try await server.client.send("GET", "/workflows", headers: headers).json["workflows"]?.array
        #expect(runs?.count == Self.keys.count { $0.code == 0 })
        #expect(try await server.stop() == 0)
    }

    @Test("a run that somebody cancels ends the command with 2 and the reason")
    func cancelled() async throws {
        let folder = try madeDirectory()
        let slow = try file(
            "slow.yaml", "name: slow\nnodes:\n  - {node_id: a, type: delay, config: {duration: 1h}}\n", in: folder)
        let server = try await ServerProcess(data: temporaryDirectory())
        async let result = flowcore(["run", slow, "--server", "http://127.0.0.1:\(server.port)"])
        var id: String?
        while id == nil {
            id = try await server.client.send("GET", "/workflows").json["workflows"]?[0]?["workflow_id"]?.string
        }
        let path = "/workflows/\(id ?? "")/cancel"
        #expect(try await server.client.send("POST", path, ["reason": "no need"]).status == 202)
        let ended = try await result
        #expect(ended.code == 2 && ended.output == "null\n", "\(ended)")
        #expect(ended.error.contains("no need"))
        #expect(try await server.stop() == 0)
    }
}
