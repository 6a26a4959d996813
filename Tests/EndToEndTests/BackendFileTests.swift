import FlowJSON
import FlowTesting
import Foundation
import TestSupport
import Testing

/// Backends that files register when the server starts.
@Suite("backends of files", .timeLimit(.minutes(3)))
struct BackendFileTests {
    /// A server whose files are in `folder/backends`, and its database in `folder/data`.
    static func start(_ folder: String, _ more: [String: String] = [:], log: String? = nil) async throws
        -> ServerProcess
    {
        let environment = [
            "FLOWCORE_BACKENDS_DIRECTORY": folder + "/backends", "FLOWCORE_SERVER_SHUTDOWN_GRACE": "100ms",
        ].merging(more) { $1 }
        return try await ServerProcess(data: folder + "/data", environment: environment, log: log)
    }

    static func folder(_ files: [(String, String)]) throws -> String {
        let folder = try madeDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/backends", withIntermediateDirectories: true)
        for (name, text) in files { _ = try file(name, text, in: folder + "/backends") }
        return folder
    }

    @Test("files register in whatever order they wrap each other, and belong to the files")
    func registering() async throws {
        let folder = try Self.folder([
            ("1-audited.yaml", "# The outermost one.\nname: audited\ntype: logging\nconfig: {backend: either}\n"),
            (
                "2-lists.yml",
                "- name: either\n  type: fallback\n  config:\n    backends: [steady, native]\n"
                    + "- name: measured\n  type: metered\n"
            ),
            ("3-steady.yaml", "name: steady\ntype: resilient\nconfig:\n  backend: measured\n"),
            ("4-not.yaml.example", "name: [\n"), (".hidden.yaml", "name: [\n"), ("readme.txt", "no"),
        ])
        var server = try await Self.start(folder)
        var client = server.client
        let audited = try await client.send("GET", "/backends/audited")
        #expect(audited.json["source"] == "file" && audited.json["file"] == "1-audited.yaml", "\(audited.text)")
        #expect(audited.json["config"] == ["backend": "either"])
        let native = try await client.send("GET", "/backends/native")
        #expect(native.json["source"] == "server" && native.json["file"] == nil)
        let names = ["native", "measured", "steady", "either", "audited"]
        let listed = try await client.send("GET", "/backends").json["backends"]?.array ?? []
        #expect(Set(listed.compactMap { $0["name"]?.string }) == Set(names))
        let run = try await client.run(workflow([node("a")]), ["backend": "audited"])
        #expect(run.json["status"] == "completed", "\(run.text)")
        // The API changes only what is its own.
        let own: JSONValue = ["name": "own", "type": "metered", "config": ["backend": "steady"]]
        #expect(try await client.send("POST", "/backends", own).json["source"] == "api")
        for (method, path, body) in [
            ("PUT", "/backends/steady", ["type": "metered"]),
            ("POST", "/backends", ["name": "steady", "type": "metered"]), ("DELETE", "/backends/audited", nil),
            ("DELETE", "/backends/audited?drain=true", nil),
        ] as [(String, String, JSONValue?)] {
            let refused = try await client.send(method, path, body)
            #expect(refused.status == 409 && refused.isProblem, "\(method) \(path): \(refused.text)")
            let name = path.hasSuffix("audited") || path.hasSuffix("true") ? "1-audited.yaml" : "3-steady.yaml"
            #expect(refused.text.contains("by the file \(name)"), "\(refused.text)")
        }
        #expect(try await server.stop() == 0)
        // What a file says counts anew at every start, also of a name that the API had.
        _ = try file("3-steady.yaml", "name: steady\ntype: metered\n", in: folder + "/backends")
        _ = try file("5-own.yaml", "name: own\ntype: logging\nconfig: {log_level: error}\n", in: folder + "/backends")
        try FileManager.default.removeItem(atPath: folder + "/backends/1-audited.yaml")
        server = try await Self.start(folder)
        client = server.client
        #expect(try await client.send("GET", "/backends/steady").json["type"] == "metered")
        let taken = try await client.send("GET", "/backends/own").json
        #expect(taken["type"] == "logging" && taken["source"] == "file", "\(taken)")
        while try await client.send("GET", "/backends/audited").status != 404 {}
        #expect(try await client.send("GET", "/backends/either").status == 200)
        #expect(try await server.stop() == 0)
        // Without files, those that were theirs go; those that wrap others go first.
        server = try await ServerProcess(data: folder + "/data")
        client = server.client
        while try await client.send("GET", "/backends").json["backends"]?.array?.count != 1 {}
        #expect(try await server.stop() == 0)
    }

    static let refused: [(files: [(String, String)], says: [String])] = [
        ([("a.yaml", "name: [\n")], ["a.yaml: not acceptable YAML"]),
        ([("a.yaml", "")], ["a.yaml: the file is empty"]),
        ([("a.yaml", "just text\n")], ["a.yaml:1: expected a registration, found"]),
        ([("a.yaml", "name: x\nname: y\n")], ["a.yaml", "name"]),
        (
            [("a.yaml", "name: x\ntype: logging\nodd: 1\n"), ("b.yaml", "- type: logging\n- name: auto\n  type: x\n")],
            ["a.yaml:3: /odd", "b.yaml:1: /0", "required", "b.yaml:2: /1/name"]
        ),
        ([("a.yaml", "name: x\ntype: odd\n")], ["a.yaml:2: /type unknown type \"odd\"; known are"]),
        (
            [("a.yaml", "- name: x\n  type: logging\n  config:\n    log_level: loud\n    odd: 1\n")],
            ["a.yaml:4: /0/config/log_level", "a.yaml:5: /0/config/odd"]
        ),
        ([("a.yaml", "name: native\ntype: logging\n")], ["a.yaml:1: /name \"native\" is part of the server"]),
        (
            [("a.yaml", "name: x\ntype: metered\n"), ("b.yaml", "name: x\ntype: metered\n")],
            ["b.yaml:1: /name \"x\" is registered already, by a.yaml"]
        ),
        (
            [
                ("a.yaml", "name: x\ntype: metered\nconfig: {backend: y}\n"),
                ("b.yaml", "name: y\ntype: metered\nconfig: {backend: x}\n"),
            ],
            ["a.yaml:3: /config the backends would form a cycle: x -> y -> x", "y -> x -> y"]
        ),
        (
            [("a.yaml", "name: x\ntype: metered\nconfig: {backend: gone}\n")],
            ["a.yaml:3: /config there is no backend \"gone\""]
        ),
        (
            [
                (
                    "a.yaml",
                    "name: x\ntype: remote\nconfig:\n  url: http://127.0.0.1:9\n  headers: {Authorization: hunter2}\n"
                )
            ],
            ["a.yaml:5: /config/headers/Authorization", "has to be a secret"]
        ),
        (
            [
                (
                    "a.yaml",
                    "name: x\ntype: remote\nconfig:\n  url: http://127.0.0.1:9\n  headers:\n    A: {secret: none}\n"
                )
            ],
            ["a.yaml:6: /config/headers/A/secret there is no secret \"none\""]
        ),
    ]

    @Test("files that wrap each other in more ways than can be gone through keep the server from starting")
    func diamonds() async throws {
        let levels = (1...30).flatMap { level in
            ["l", "r"].map { side in
                "- name: \(side)\(level)\n  type: fallback\n  config: {backends: [l\(level - 1), r\(level - 1)]}\n"
            }
        }
        let folder = try Self.folder([
            ("a.yaml", levels.joined() + "- {name: l0, type: logging}\n- {name: r0, type: logging}\n")
        ])
        let served = try await flowcore(
            ["serve", "--port", "0", "--data", folder + "/data"],
            environment: ["FLOWCORE_BACKENDS_DIRECTORY": folder + "/backends"])
        #expect(served.code != 0 && served.error.contains("too many wrapped backends"), "\(served.error.prefix(500))")
    }

    @Test(
        "the server does not start with what is wrong in a file, and tells all of it with its place", arguments: 0..<13)
    func refusals(index: Int) async throws {
        let (files, says) = Self.refused[index]
        let folder = try Self.folder(files)
        let environment = ["FLOWCORE_BACKENDS_DIRECTORY": folder + "/backends"]
        let arguments = ["serve", "--port", "0", "--data", folder + "/data"]
        let result = try await flowcore(arguments, environment: environment)
        #expect(result.code == 78 && result.output.isEmpty, "\(result)")
        for text in says { #expect(result.error.contains(text), "\(text): \(result.error)") }
        #expect(!result.error.contains("hunter2"))
        // Nothing of it was kept.
        let server = try await ServerProcess(data: folder + "/data")
        #expect(try await server.client.send("GET", "/backends").json["backends"]?.array?.count == 1)
        #expect(try await server.stop() == 0)
    }

    @Test("a directory that is not there is refused")
    func absent() async throws {
        let folder = try madeDirectory()
        let result = try await flowcore(
            ["serve", "--port", "0", "--data", folder + "/data"],
            environment: ["FLOWCORE_BACKENDS_DIRECTORY": folder + "/none"])
        #expect(result.code == 78 && result.error.contains("backends.directory: \(folder)/none cannot be read"))
    }

    @Test("a backend whose file is gone stays for the runs that use it, over restarts, and takes no others")
    func leaving() async throws {
        let folder = try Self.folder([("x.yaml", "name: x\ntype: metered\n")])
        var server = try await Self.start(folder)
        let body: JSONValue = ["workflow": workflow([node("q", "approval"), node("a")]), "backend": "x"]
        let run = try await server.client.send("POST", "/workflows", body)
        try #require(run.status == 202, "\(run.text)")
        let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")"
        #expect(try await server.stop() == 0)
        try FileManager.default.removeItem(atPath: folder + "/backends/x.yaml")
        for _ in 0..<2 {
            server = try await Self.start(folder)
            while try await server.client.send("GET", "/readyz").status != 200 {}
            let refused = try await server.client.send("POST", "/workflows", body)
            #expect(refused.status == 422 && refused.json["errors"]?[0]?["code"] == "draining", "\(refused.text)")
            #expect(try await server.client.send("GET", "/backends/x").json["active_runs"] == 1)
            #expect(try await server.stop() == 0)
        }
        server = try await Self.start(folder)
        let client = server.client
        while try await client.send("GET", path).json["nodes"]?["q"]?["status"] != "interrupted" {}
        var answered = try await client.send("POST", path + "/nodes/q/resume", ["output": 1])
        while answered.status == 503 {
            answered = try await client.send("POST", path + "/nodes/q/resume", ["output": 1])
        }
        #expect(answered.status == 202, "\(answered.text)")
        #expect(try await client.send("GET", path + "?wait=20s").json["nodes"]?["a"]?["backend"] == "x")
        while try await client.send("GET", "/backends/x").status != 404 {}
        #expect(try await server.stop() == 0)
    }

    @Test("a secret that a file names reaches the service alone: no answer, log or file of the database has it")
    func secrets() async throws {
        let secret = "s3cret-of-the-peer-4711"
        try await FakeRemoteService.with({ _ in nil }) { service in
            let folder = try Self.folder([
                (
                    "far.yaml",
                    """
                    name: far
                    type: remote
                    config:
                      url: \(service.url)
                      headers:
                        Authorization: {secret: peer, prefix: "Bearer "}

                    """
                )
            ])
            let log = folder + "/log"
            let variables = [
                "FLOWCORE_SECRET_PEER": secret, "FLOWCORE_LOGGING_LEVEL": "trace", "FLOWCORE_SERVER_ACCESS_LOG": "all",
            ]
            let server = try await Self.start(folder, variables, log: log)
            let client = server.client
            var answers: [TestResponse] = []
            let run = try await client.run(workflow([node("a", "x")]), ["backend": "far"])
            #expect(run.json["status"] == "completed", "\(run.text)")
            let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")"
            let match: JSONValue = ["workflow": workflow([node("a", "x")])]
            answers = [run, try await client.send("POST", "/workflows/match", match)]
            for path in [
                "/backends", "/backends/far", "/backends/far/health", "/metrics", path, path + "/receipts",
                path + "/events?limit=100",
            ] { answers.append(try await client.send("GET", path)) }
            for answer in answers {
                #expect(answer.status == 200)
                #expect(!answer.text.contains(secret))
            }
            #expect(try await server.stop() == 0)
            #expect(service.requests.contains { $0.contains("Authorization: Bearer \(secret)") })
            for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/data") {
                let data = try Data(contentsOf: URL(filePath: folder + "/data/" + name))
                #expect(data.range(of: Data(secret.utf8)) == nil, "\(name)")
            }
            let logged = try text(of: log)
            #expect(!logged.isEmpty && !logged.contains(secret))
        }
    }

    @Test("a server that allows no Python knows no backends of it")
    func noPython() async throws {
        let server = try await ServerProcess(
            data: temporaryDirectory(), environment: ["FLOWCORE_BACKENDS_ALLOW_PYTHON": "false"])
        let refused = try await server.client.send("POST", "/backends", ["name": "lc", "type": "langchain"])
        #expect(refused.status == 422 && refused.places == ["/type"], "\(refused.text)")
        #expect(!refused.text.contains("\"langchain\","))
        #expect(try await server.stop() == 0)
    }
}
