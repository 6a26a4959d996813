import FlowCore
import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("Python processes are kept running", .timeLimit(.minutes(2)))
struct SupervisionTests {
    @Test("one that is killed amid a stream is replaced, and its nodes are carried out again")
    func killed() async throws {
        let path = try madeDirectory() + "/go"
        try await LangChain.with { server in
            let id = try await server.startLangChain([
                runnable("a", "streams_until", [.string(path)]), runnable("b", "same"),
            ])
            try await until { try await LangChain.chunks(server, id) == ["a", "b"] }
            let first = try await LangChain.processes(server)
            #expect(kill(try #require(first.first), SIGKILL) == 0)
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            try await until {
                try await server.client.send("GET", "/workflows/\(id)").json["completed_at"]?.string != nil
            }
            let run = try await server.client.send("GET", "/workflows/\(id)").json
            #expect(run["status"] == "completed" && run["output"] == "abc", "\(run)")
            let attempts = run["nodes"]?["a"]?["attempts"]?.array ?? []
            #expect(attempts.first?["error"]?["code"] == "unavailable" && attempts.count >= 2, "\(attempts)")
            #expect(attempts.first?["error"]?["retriable"] == true)
            #expect(try await LangChain.processes(server) != first)
        }
    }

    @Test("one that ends by itself, over and over, fails its node alone")
    func dies() async throws {
        try await LangChain.with(["workers": 2]) { server in
            let run = try await server.runLangChain([runnable("a", "dies")])
            #expect(run.json["status"] == "failed", "\(run.text)")
            let error = run.json["nodes"]?["a"]?["error"]
            #expect(error?["code"] == "unavailable" && error?["retriable"] == true)
            try await until { try await !LangChain.processes(server).isEmpty }
            #expect(try await server.runLangChain([runnable("a", "same")]).json["status"] == "completed")
        }
    }

    @Test("code that blocks its process is named, and the process replaced")
    func hung() async throws {
        let path = try madeDirectory() + "/go"
        try await LangChain.with(["hang_timeout": "1s"]) { server in
            let other = try await server.startLangChain([runnable("a", "streams_until", [.string(path)])])
            try await until { try await LangChain.chunks(server, other) == ["a", "b"] }
            let run = try await server.runLangChain([runnable("a", "blocks")])
            let error = run.json["nodes"]?["a"]?["error"]
            #expect(error?["code"] == "timeout" && error?["retriable"] == true, "\(run.text)")
            #expect(error?["details"]?["traceback"]?.string?.contains("in block") == true, "\(run.text)")
            // Nodes that were with it are carried out again.
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            try await until {
                try await server.client.send("GET", "/workflows/\(other)").json["completed_at"]?.string != nil
            }
            let unharmed = try await server.client.send("GET", "/workflows/\(other)").json
            #expect(unharmed["status"] == "completed" && unharmed["output"] == "abc", "\(unharmed)")
            try await until { try await !LangChain.processes(server).isEmpty }
            #expect(try await server.runLangChain([runnable("a", "same")]).json["status"] == "completed")
        }
    }

    @Test("a cancellation reaches coroutines, and functions that never end")
    func cancelled() async throws {
        let directory = try madeDirectory()
        try await LangChain.with { server in
            let process = try await LangChain.processes(server)
            let (started, stopped) = (directory + "/started", directory + "/stopped")
            let id = try await server.startLangChain([runnable("a", "waits", [.string(started), .string(stopped)])])
            try await until { FileManager.default.fileExists(atPath: started) }
            _ = try await server.client.send("POST", "/workflows/\(id)/cancel")
            try await until { FileManager.default.fileExists(atPath: stopped) }
            let spinning = directory + "/spinning"
            let other = try await server.startLangChain([runnable("a", "spins", [.string(spinning)])])
            try await until { FileManager.default.fileExists(atPath: spinning) }
            _ = try await server.client.send("POST", "/workflows/\(other)/cancel")
            for id in [id, other] {
                try await until {
                    try await server.client.send("GET", "/workflows/\(id)").json["status"] == "cancelled"
                }
            }
            #expect(try await server.runLangChain([runnable("a", "same")]).json["status"] == "completed")
            #expect(try await LangChain.processes(server) == process, "nothing had to be killed for it")
        }
    }

    @Test("an attempt takes no longer than the registration allows")
    func timeout() async throws {
        let directory = try madeDirectory()
        try await LangChain.with(["timeout": "300ms"]) { server in
            let paths: [JSONValue] = [.string(directory + "/started"), .string(directory + "/stopped")]
            let run = try await server.runLangChain([runnable("a", "waits", paths)])
            let error = run.json["nodes"]?["a"]?["error"]
            #expect(error?["code"] == "timeout" && error?["retriable"] == true, "\(run.text)")
            #expect(FileManager.default.fileExists(atPath: directory + "/stopped"))
        }
    }

    @Test("one whose node does not end when it is cancelled is replaced")
    func swallowed() async throws {
        let started = try madeDirectory() + "/started"
        try await LangChain.with { server in
            let process = try await LangChain.processes(server)
            let id = try await server.startLangChain([runnable("a", "swallows", [.string(started)])])
            try await until { FileManager.default.fileExists(atPath: started) }
            _ = try await server.client.send("POST", "/workflows/\(id)/cancel")
            try await until {
                let now = try await LangChain.processes(server)
                return !now.isEmpty && now != process
            }
            #expect(try await server.runLangChain([runnable("a", "same")]).json["status"] == "completed")
        }
    }

    @Test("without Python, or without langchain-core, the backend says what mends it, and the server lives")
    func missing() async throws {
        try await TestServer.with { server in
            let directory = try madeDirectory()
            let broken = try file("python3", "#!/bin/sh\nexit 7\n", in: directory)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: broken)
            for (name, python, says) in [
                ("none", "/nowhere/python", "No such file"), ("broken", broken, "it exited with 7"),
            ] {
                let made = try await server.client.send(
                    "POST", "/backends",
                    ["name": .string(name), "type": "langchain", "config": ["python": .string(python), "workers": 1]])
                #expect(made.status == 201, "\(made.text)")
                let health = try await server.client.send("GET", "/backends/\(name)/health")
                #expect(health.status == 503 && health.json["healthy"] == false)
                #expect(health.json["reason"]?.string?.contains(says) == true, "\(health.text)")
            }
            _ = try file("langchain_core.py", "raise ImportError('not today')", in: directory)
            let made = try await LangChain.register(
                server, LangChain.config(["environment": ["PYTHONPATH": .string(directory)]]))
            #expect(made.status == 201, "\(made.text)")
            let health = try await server.client.send("GET", "/backends/lc/health")
            #expect(health.json["reason"]?.string?.contains("langchain-core cannot be imported") == true)
            #expect(health.json["reason"]?.string?.contains("scripts/langchain.sh") == true, "\(health.text)")
            let run = try await server.client.run(workflow([node("a")]))
            #expect(run.json["status"] == "completed")
        }
    }

    @Test("processes end with their backend")
    func shutdown() async throws {
        try await LangChain.with(["workers": 3]) { server in
            try await until { try await LangChain.processes(server).count == 3 }
            let processes = try await LangChain.processes(server)
            #expect(try await server.client.send("DELETE", "/backends/lc").status == 204)
            try await until { processes.allSatisfy { kill($0, 0) != 0 } }
        }
    }

    @Test("every field of a registration is checked")
    func configuration() async throws {
        try await TestServer.with { server in
            let made = try await LangChain.register(
                server,
                [
                    "python": "/bin/sh", "workers": 0, "allow": ["a b", "x:*"], "python_path": ["here"],
                    "environment": ["API_KEY": "plain", "A-B": "x", "T": ["secret": "NONE", "y": 1]],
                    "max_memory_mb": 1, "hang_timeout": "1ms", "chains": 1, "more": true,
                ])
            #expect(made.status == 422, "\(made.text)")
            let at = "/config/"
            #expect(
                Set(made.places)
                    == Set(
                        [
                            "python", "workers", "allow/0", "python_path/0", "environment/API_KEY", "environment/A-B",
                            "environment/T/y", "max_memory_mb", "hang_timeout", "chains", "more",
                        ].map { at + $0 }), "\(made.places)")
        }
    }
}
