import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

@Suite("the API of definitions", .timeLimit(.minutes(1)))
struct DefinitionAPITests {
    static func document(_ value: JSONValue) -> JSONValue { ["nodes": [node("a", "set", ["value": value])]] }

    @Test("what differs is a new version, what says the same is the latest one")
    func versions() async throws {
        try await TestServer.with { server in
            let client = server.client
            let first = try await client.send("PUT", "/definitions/hello", Self.document(["x": 1, "y": 2]))
            #expect(first.status == 201 && first["etag"] == "\"1\"", "\(first.text)")
            #expect(
                first["location"] == "/definitions/hello/versions/1" && first["content-location"] == first["location"])
            #expect(first.json["name"] == "hello" && first.json["version"] == 1)
            #expect(
                first.json["workflow"]?["name"] == "hello" && first.json["created_at"]?.string?.hasSuffix("Z") == true)
            // The order of members and the name change nothing.
            let named: JSONValue = [
                "nodes": [["config": ["value": ["y": 2, "x": 1]], "type": "set", "node_id": "a"]], "name": "hello",
            ]
            let same = try await client.send("PUT", "/definitions/hello", named)
            #expect(same.status == 200 && same.json == first.json && same["location"] == nil && same["etag"] == "\"1\"")
            // Its text is the author's who was first.
            #expect(same.body == first.body)
            let second = try await client.send("PUT", "/definitions/hello", Self.document(["x": 1, "y": 2.0]))
            #expect(second.status == 201 && second.json["version"] == 2 && second["etag"] == "\"2\"")
            // The first one's content again is a version of its own: the latest has to say it.
            let third = try await client.send("PUT", "/definitions/hello", named)
            #expect(
                third.status == 201 && third.json["version"] == 3 && third.json["workflow"] == first.json["workflow"])
            for (path, answer) in [
                ("", third), ("/versions/3", third), ("/versions/2", second), ("/versions/1", first),
            ] {
                let read = try await client.send("GET", "/definitions/hello" + path)
                #expect(read.status == 200 && read.body == answer.body && read["etag"] == answer["etag"], "\(path)")
                #expect(read["content-location"] == answer["content-location"])
                let known = try await client.send(
                    "GET", "/definitions/hello" + path, headers: ["If-None-Match": answer["etag"] ?? ""])
                #expect(known.status == 304 && known.body.isEmpty && known["etag"] == answer["etag"])
                let head = try await client.send("HEAD", "/definitions/hello" + path)
                #expect(head.status == 200 && head["etag"] == answer["etag"])
            }
            let stale = try await client.send("GET", "/definitions/hello", headers: ["If-None-Match": "\"1\""])
            #expect(stale.status == 200)
        }
    }

    @Test("a condition that does not hold keeps everything as it is")
    func conditions() async throws {
        try await TestServer.with { server in
            let client = server.client
            func put(_ value: JSONValue, _ headers: [String: String]) async throws -> TestResponse {
                try await client.send("PUT", "/definitions/x", Self.document(value), headers: headers)
            }
            for headers in [["If-Match": "*"], ["If-Match": "\"1\""]] {
                let refused = try await put(1, headers)
                #expect(refused.status == 412 && refused.isProblem && refused.text.contains("there is no definition"))
                #expect(try await client.send("GET", "/definitions/x").status == 404)
            }
            #expect(try await put(1, ["If-None-Match": "*"]).status == 201)
            for headers in [
                ["If-None-Match": "*"], ["If-None-Match": "\"1\""], ["If-Match": "\"2\""], ["If-Match": "W/\"1\""],
            ] {
                for value in [1, 2] as [JSONValue] {
                    let refused = try await put(value, headers)
                    #expect(refused.status == 412 && refused.json["type"] == "urn:flowcore:problem:precondition-failed")
                    #expect(refused.text.contains("the latest version of \\\"x\\\" is 1"), "\(refused.text)")
                }
            }
            #expect(try await put(2, ["If-Match": "\"1\""]).json["version"] == 2)
            #expect(try await put(3, ["If-Match": "\"7\", \"2\""]).json["version"] == 3)
            #expect(try await put(4, ["If-Match": "*"]).json["version"] == 4)
            for headers in [["If-Match": "3"], ["If-None-Match": "\"3"]] {
                for method in ["PUT", "DELETE"] {
                    let refused = try await client.send(
                        method, "/definitions/x", method == "PUT" ? Self.document(5) : nil, headers: headers)
                    #expect(refused.status == 400 && refused.isProblem && refused.places == Array(headers.keys))
                }
            }
            let delete = ["If-Match": "\"3\""]
            #expect(try await client.send("DELETE", "/definitions/x", headers: delete).status == 412)
            #expect(try await client.send("DELETE", "/definitions/x/versions/4", headers: delete).status == 412)
            let versions = try await client.send("GET", "/definitions/x/versions").json["versions"]?.array ?? []
            #expect(versions.map { $0["version"] } == [4, 3, 2, 1])
            #expect(try await client.send("DELETE", "/definitions/x/versions/3", headers: delete).status == 204)
            #expect(try await client.send("DELETE", "/definitions/x", headers: ["If-Match": "\"4\""]).status == 204)
            #expect(try await client.send("DELETE", "/definitions/x", headers: ["If-Match": "\"4\""]).status == 404)
        }
    }

    @Test("clients that store at the same time get a number each, and under a condition one of them succeeds")
    func rivals() async throws {
        try await TestServer.with { server in
            let client = server.client
            let given = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        let answer = try await client.send(
                            "PUT", "/definitions/x", Self.document(.integer(Int64(index))))
                        #expect(answer.status == 201, "\(answer.text)")
                        return answer.json["version"]?.integer
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(given.compactMap { $0 }.sorted() == Array(1...24))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        try await client.send(
                            "PUT", "/definitions/x", Self.document(.integer(Int64(100 + index))),
                            headers: ["If-Match": "\"24\""]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 412, count: 11))
            // Those that say the same get one version.
            let same = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<12 {
                    group.addTask { try await client.send("PUT", "/definitions/y", Self.document("same")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(same.filter { $0.status == 201 }.count == 1 && same.allSatisfy { $0.json["version"] == 1 })
        }
    }

    static let refused: [(document: JSONValue, places: [String])] = [
        ([:], [""]), (["nodes": []], ["/nodes"]), (["nodes": [node("a")], "name": "y"], ["/name"]),
        (["nodes": [node("a")], "name": "\u{212A}"], ["/name"]), (["nodes": [node("a")], "name": .null], ["/name"]),
        (["nodes": [node("a", "odd"), node("b", "set")]], ["/nodes/0/type", "/nodes/1/config"]),
        (
            ["nodes": [node("a", after: ["b"]), node("b", "odd", after: ["a"])]],
            ["/nodes/0/depends_on", "/nodes/1/type"]
        ),
        (["nodes": [node("a")], "backend": "odd", "odd": 1], ["/odd", "/backend"]),
        (
            ["nodes": [node("a", "odd")], "name": "y", "requires": ["teleport"]],
            ["/name", "/requires/0", "/nodes/0/type"]
        ),
        (["workflow": ["name": "x", "nodes": [node("a")]]], ["", "/workflow"]),
    ]

    @Test("a workflow that could not be run is refused with everything that is wrong", arguments: refused.indices)
    func refusals(index: Int) async throws {
        let (document, places) = Self.refused[index]
        try await TestServer.with { server in
            let response = try await server.client.send("PUT", "/definitions/K", document)
            #expect(response.status == 422 && response.isProblem, "\(response.text)")
            #expect(response.places.sorted() == places.sorted(), "\(response.text)")
            #expect(try await server.client.send("GET", "/definitions").json["definitions"] == [])
        }
    }

    @Test("what is no definition's name or no document is refused as elsewhere")
    func malformed() async throws {
        try await TestServer.with { server in
            let client = server.client
            for name in ["a%40b", "-a", "a%20b", String(repeating: "x", count: 129)] {
                for method in ["GET", "PUT", "DELETE"] {
                    let body = method == "PUT" ? Self.document(1) : nil
                    let response = try await client.send(method, "/definitions/\(name)", body)
                    #expect(response.status == 404 && response.isProblem, "\(method) \(name)")
                }
            }
            _ = try await client.send("PUT", "/definitions/x", Self.document(1))
            for version in ["0", "01", "a", "2", "1000000000", "-1", "%2B1"] {
                for method in ["GET", "DELETE"] {
                    let response = try await client.send(method, "/definitions/x/versions/\(version)")
                    #expect(response.status == 404 && response.isProblem, "\(method) \(version)")
                }
            }
            let json = ["Content-Type": "application/json"]
            for (bytes, headers, status) in [
                ("[]", json, 422), ("{", json, 400), ("", json, 400), ("{}", ["Content-Type": "text/plain"], 415),
            ] {
                let response = try await client.send(
                    "PUT", "/definitions/x", bytes: Array(bytes.utf8), headers: headers)
                #expect(response.status == status && response.isProblem, "\(bytes)")
            }
            #expect(try await client.send("POST", "/definitions/x", Self.document(1)).status == 405)
            #expect(try await client.send("GET", "/definitions/x/versions").json["versions"]?.array?.count == 1)
            #expect(try await client.send("GET", "/definitions/y/versions").status == 404)
        }
    }

    @Test("lists come page by page, definitions by name and versions newest first, without their workflows")
    func lists() async throws {
        try await TestServer.with { server in
            let client = server.client
            for name in ["c", "a", "b"] {
                for value in 1...3 {
                    _ = try await client.send("PUT", "/definitions/\(name)", Self.document(.integer(Int64(value))))
                }
            }
            for (path, field, expected) in [
                ("/definitions?limit=2", "definitions", ["a3", "b3", "c3"]),
                ("/definitions/b/versions?limit=2", "versions", ["b3", "b2", "b1"]),
            ] {
                let first = try await client.send("GET", path)
                let next = try #require(first["link"]?.split(separator: ">").first?.dropFirst())
                #expect(next.hasPrefix(path + "&cursor=") && first["link"]?.hasSuffix("rel=\"next\"") == true)
                let rest = try await client.send("GET", String(next))
                #expect(rest["link"] == nil && rest.json["next_cursor"] == .null)
                let entries = [first, rest].flatMap { $0.json[field]?.array ?? [] }
                #expect(
                    entries.map { ($0["name"]?.string ?? "") + String($0["version"]?.integer ?? 0) } == expected)
                #expect(entries.allSatisfy { $0.object?.names.sorted() == ["created_at", "name", "version"] })
            }
            // A cursor behind the end of what there is gives an empty page.
            #expect(try await client.send("GET", "/definitions/b/versions?cursor=1").json["versions"] == [])
            #expect(try await client.send("GET", "/definitions?cursor=zz").json["definitions"] == [])
        }
    }

    @Test("a version that is removed leaves the others, and no number comes again")
    func removal() async throws {
        let directory = temporaryDirectory()
        try await TestServer.with(directory: directory) { server in
            let client = server.client
            for value in 1...3 {
                _ = try await client.send("PUT", "/definitions/x", Self.document(.integer(Int64(value))))
            }
            #expect(try await client.send("DELETE", "/definitions/x/versions/3").status == 204)
            #expect(try await client.send("DELETE", "/definitions/x/versions/3").status == 404)
            let latest = try await client.send("GET", "/definitions/x")
            #expect(latest.json["version"] == 2 && latest["etag"] == "\"2\"")
            let missing = try await client.send("GET", "/definitions/x/versions/3")
            #expect(missing.status == 404 && missing.text.contains("the latest is 2"))
            #expect(try await client.send("PUT", "/definitions/x", Self.document(2)).status == 200)
            #expect(try await client.send("PUT", "/definitions/x", Self.document(3)).json["version"] == 4)
            #expect(try await client.send("DELETE", "/definitions/x").status == 204)
            #expect(try await client.send("GET", "/definitions/x").status == 404)
            #expect(try await client.send("GET", "/definitions/x/versions").status == 404)
            #expect(try await client.send("GET", "/definitions").json["definitions"] == [])
        }
        try await TestServer.with(directory: directory) { server async throws in
            let client = server.client
            #expect(try await client.send("GET", "/definitions/x").status == 404)
            #expect(try await client.send("PUT", "/definitions/x", Self.document(1)).json["version"] == 5)
            for version in 1...4 {
                #expect(try await client.send("GET", "/definitions/x/versions/\(version)").status == 404)
            }
        }
    }

    @Test("bounds are published and kept")
    func bounds() async throws {
        var options = TestServer.Options()
        options.limits.definitions = DefinitionLimits(count: 1, versions: 2, bytes: 2000)
        try await TestServer.with(options) { server in
            let client = server.client
            let limits = try await client.send("GET", "/limits").json
            #expect(limits["max_definitions"] == 1 && limits["max_definition_versions"] == 2)
            #expect(limits["max_definition_bytes"] == 2000)
            let large = try await client.send(
                "PUT", "/definitions/x", Self.document(.string(String(repeating: "x", count: 2000))))
            #expect(large.status == 422 && large.places == [""] && large.details.contains("the limit of 2000"))
            for value in [1, 2] as [JSONValue] {
                #expect(try await client.send("PUT", "/definitions/x", Self.document(value)).status == 201)
            }
            let third = try await client.send("PUT", "/definitions/x", Self.document(3))
            #expect(third.status == 409 && third.isProblem && third.text.contains("2 is the limit"), "\(third.text)")
            let other = try await client.send("PUT", "/definitions/y", Self.document(1))
            #expect(other.status == 409 && other.isProblem && other.text.contains("1 is the limit"), "\(other.text)")
            #expect(try await client.send("PUT", "/definitions/x", Self.document(2)).status == 200)
            #expect(try await client.send("DELETE", "/definitions/x").status == 204)
            #expect(try await client.send("PUT", "/definitions/y", Self.document(1)).status == 201)
        }
    }
}
