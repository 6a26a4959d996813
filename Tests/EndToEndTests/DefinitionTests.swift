import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("definitions of the program", .timeLimit(.minutes(2)))
struct DefinitionTests {
    static func document(_ value: JSONValue) -> JSONValue { ["nodes": [node("a", "set", ["value": value])]] }

    @Test("what was answered is there after kill -9: versions, removals, and the numbers that were given")
    func crash() async throws {
        let data = temporaryDirectory()
        var kept: [String: TestResponse] = [:]
        for cycle in 0..<3 {
            let server = try await ServerProcess(data: data)
            let client = server.client
            for (path, answer) in kept {
                let read = try await client.send("GET", path)
                #expect(read.status == 200 && read.body == answer.body, "cycle \(cycle): \(path) \(read.text)")
            }
            #expect(try await client.send("GET", "/definitions/gone").status == 404)
            let gone = try await client.send("PUT", "/definitions/gone", Self.document(1))
            #expect(gone.status == 201 && gone.json["version"] == .integer(Int64(cycle + 1)), "\(gone.text)")
            #expect(try await client.send("DELETE", "/definitions/gone").status == 204)
            let put = try await client.send("PUT", "/definitions/kept", Self.document(.integer(Int64(cycle))))
            #expect(put.status == 201 && put.json["version"] == .integer(Int64(cycle + 1)), "\(put.text)")
            kept[put["location"] ?? ""] = put
            kept["/definitions/kept"] = put
            try await server.crash()
        }
        #expect(kept.count == 4)
        let server = try await ServerProcess(data: data)
        for (path, answer) in kept { #expect(try await server.client.send("GET", path).body == answer.body) }
        let versions = try await server.client.send("GET", "/definitions/kept/versions").json["versions"]?.array
        #expect(versions?.count == 3)
        let run = try await server.client.send(
            "POST", "/workflows", ["definition": "kept@2"], headers: ["Prefer": "wait=20"])
        #expect(run.json["output"] == 1 && run.json["definition"] == "kept@2", "\(run.text)")
        #expect(try await server.stop() == 0)
    }

    @Test("a file that names a definition runs on the server that has it, and nowhere else")
    func commands() async throws {
        let folder = try madeDirectory()
        let path = try file("submission.yaml", "definition: hello@1\ninput: {n: 1}\n", in: folder)
        let server = try await ServerProcess(data: folder + "/db")
        #expect(try await server.client.send("PUT", "/definitions/hello", Self.document(7)).status == 201)
        let remote = try await flowcore(["run", path, "--server", "http://127.0.0.1:\(server.port)"])
        #expect(remote.code == 0 && remote.output == "7\n", "\(remote.error)")
        for verb in ["run", "validate"] {
            let local = try await flowcore([verb, path])
            #expect(
                local.code == 65 && local.error.contains("/definition: there is no definition \"hello\""),
                "\(local.error)")
        }
        #expect(try await server.stop() == 0)
    }

    @Test("settings bound them")
    func settings() async throws {
        let server = try await ServerProcess(
            data: temporaryDirectory(),
            environment: ["FLOWCORE_LIMITS_MAX_DEFINITIONS": "1", "FLOWCORE_LIMITS_MAX_DEFINITION_BYTES": "1024"])
        let client = server.client
        let large = Self.document(.string(String(repeating: "x", count: 1024)))
        #expect(try await client.send("PUT", "/definitions/a", large).status == 422)
        #expect(try await client.send("PUT", "/definitions/a", Self.document(1)).status == 201)
        #expect(try await client.send("PUT", "/definitions/b", Self.document(1)).status == 409)
        #expect(try await server.stop() == 0)
    }
}
