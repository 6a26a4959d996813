import FlowCore
import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("what goes wrong in Python", .timeLimit(.minutes(2)))
struct FaultTests {
    /// The error of the last attempt of the node `a`.
    private static func error(_ server: TestServer, _ node: JSONValue) async throws -> JSONValue? {
        let run = try await server.runLangChain([node])
        #expect(run.json["status"] == "failed", "\(run.text)")
        return run.json["nodes"]?["a"]?["error"]
    }

    @Test("an exception fails its node, with the user's part of the traceback")
    func exceptions() async throws {
        try await LangChain.with { server in
            let error = try await Self.error(server, runnable("a", "raises", ["bäd"]))
            #expect(
                error?["code"] == "failed" && error?["message"] == "ValueError: bäd" && error?["retriable"] == false)
            let trace = error?["details"]?["traceback"]?.string ?? ""
            #expect(trace.contains("in deepest") && trace.hasSuffix("ValueError: bäd\n"), "\(trace)")
            #expect(!trace.contains("langchain_core/runnables") && !trace.contains("<flowcore"), "\(trace)")
            let busy = try await Self.error(server, runnable("a", "busy"))
            #expect(busy?["retriable"] == true && busy?["details"]?["exception"] == "ConnectionError")
            let exit = try await Self.error(server, runnable("a", "exits"))
            #expect(exit?["message"]?.string?.contains("asked to end the process") == true)
            #expect(try await LangChain.processes(server).count == 1)
        }
    }

    @Test("what is retriable is tried again by the node's own policy, alone")
    func retries() async throws {
        let path = try madeDirectory() + "/count"
        try await LangChain.with { server in
            let counting = runnable(
                "b", "counts", [.string(path)], ["retry": ["max_attempts": 3, "initial_delay": "1ms"]])
            let run = try await server.runLangChain([runnable("a", "same"), counting, runnable("c", "same")])
            #expect(run.json["output"] == 2 && run.json["status"] == "completed", "\(run.text)")
            #expect(run.json["nodes"]?["b"]?["attempt"] == 2 && run.json["nodes"]?["a"]?["attempt"] == 1)
        }
    }

    @Test(
        "what is no JSON is an error that says where and what",
        arguments: [
            ("nan", "the number at /a/0 is nan"), ("object", "the value at /a/0 is of type builtins.object"),
            ("keys", "has a key that is no string but tuple"), ("set", "of type builtins.set"),
            ("big integer", "64-bit"), ("half", "half of a character"), ("bytes", "of type builtins.bytes"),
        ])
    func noJSON(_ what: String, _ says: String) async throws {
        try await LangChain.with { server in
            let error = try await Self.error(server, runnable("a", "gives", [.string(what)]))
            #expect(error?["code"] == "invalid_output", "\(String(describing: error))")
            #expect(error?["message"]?.string?.contains(says) == true, "\(String(describing: error))")
        }
    }

    @Test("too much is an error of its node, and the process goes on")
    func tooMuch() async throws {
        try await LangChain.with(["max_memory_mb": 512]) { server in
            let before = try await LangChain.processes(server)
            let large = try await Self.error(server, runnable("a", "text_of", [20_000_000]))
            #expect(large?["code"] == "too_large" && large?["retriable"] == false)
            let huge = try await Self.error(server, runnable("a", "text_of", [5_000_000_000]))
            #expect(huge?["message"]?.string?.contains("memory") == true, "\(String(describing: huge))")
            let endless = try await Self.error(server, runnable("a", "itself"))
            #expect(endless?["code"] == "invalid_output", "\(String(describing: endless))")
            let flood = try await Self.error(server, runnable("a", "floods"))
            #expect(flood?["code"] == "too_large", "\(String(describing: flood))")
            #expect(try await LangChain.processes(server) == before && before.count == 1)
        }
    }

    @Test("what code prints is logged with its run, and never taken for an answer")
    func noise() async throws {
        let log = LogKeeper()
        var options = TestServer.Options()
        options.makeLogger = { log.logger($0) }
        try await LangChain.with([:], options) { server in
            let run = try await server.runLangChain([runnable("a", "prints")], input: "kept")
            #expect(run.json["output"] == "kept" && run.json["status"] == "completed", "\(run.text)")
            let id = run.json["workflow_id"]?.string
            let printed = log.all.filter { $0.message.hasPrefix("a node printed: ") }
            #expect(printed.contains { $0.message.hasSuffix("to stdout") && $0.metadata["workflow_id"] == id })
            #expect(printed.contains { $0.message.hasSuffix("without an end") && $0.metadata["node_id"] == "a" })
            #expect(printed.contains { $0.message.contains("forged") })
            try await until { log.all.contains { $0.message.hasSuffix("past Python") } }
        }
    }

    @Test("paths that are not allowed, lead elsewhere, or lead nowhere are refused at submission")
    func refusals() async throws {
        try await LangChain.with { server in
            for (factory, says) in [
                ("os:system", "not on the allow list"), ("lc_samples:subprocess.run", "not on the allow list"),
                ("lc_samples:os.system", "not on the allow list"), ("lc_samples:Path", "not on the allow list"),
                ("langchain_core.nowhere:thing", "cannot be imported"), ("lc_samples:missing", "missing"),
                ("lc_samples:_same", "import path"), ("lc_samples:same.__class__", "import path"),
                ("lc_samples", "import path"), ("lc_samples:not_runnable", "can neither be run nor called"),
            ] {
                let refused = try await server.runLangChain([
                    runnable("a", factory.contains(":") ? factory : factory + ":")
                ])
                #expect(refused.status == 422 && refused.places == ["/workflow/nodes/0/config/factory"], "\(factory)")
                #expect(refused.details.contains(says), "\(factory): \(refused.details)")
            }
            let nested = runnable(
                "a", "of", config: ["args": [["$import": "os:system"]], "more": 1])
            let refused = try await server.runLangChain([nested])
            #expect(
                Set(refused.places) == [
                    "/workflow/nodes/0/config/args/0/$import", "/workflow/nodes/0/config/more",
                ])
            let narrow = LangChain.config(["allow": ["lc_samples:*"]])
            let made = try await server.client.send(
                "POST", "/backends", ["name": "narrow", "type": "langchain", "config": .object(narrow)])
            #expect(made.status == 201, "\(made.text)")
            try await until { try await server.client.send("GET", "/backends/narrow/health").status == 200 }
            // An object that an allowed module makes is its own, whatever its class is.
            let own = try await server.client.run(workflow([runnable("a", "same")]), ["backend": "narrow"])
            #expect(own.json["status"] == "completed", "\(own.text)")
            let foreign = try await server.client.run(
                workflow([runnable("a", "RunnableLambda", ["x"])]), ["backend": "narrow"])
            #expect(foreign.details.contains("langchain_core.runnables.base:RunnableLambda is not on the allow list"))
            // What an expression gives is checked when the node starts.
            let late = node("a", "runnable", ["factory": "${input.path}"])
            let run = try await server.runLangChain([late], input: ["path": "os:system"])
            #expect(run.json["nodes"]?["a"]?["error"]?["code"] == "invalid", "\(run.text)")
        }
    }

    @Test("inputs make messages, prompts and documents, and nothing else")
    func inputs() async throws {
        try await LangChain.with { server in
            let model: JSONValue = [
                "lc": 1, "type": "constructor", "id": ["langchain", "prompts", "prompt", "PromptTemplate"],
                "kwargs": ["input_variables": [], "template": "x"],
            ]
            let run = try await server.runLangChain([runnable("a", "same")], input: model)
            let error = run.json["nodes"]?["a"]?["error"]
            #expect(error?["code"] == "invalid", "\(run.text)")
            #expect(error?["message"]?.string?.hasPrefix("the input cannot be taken") == true)
        }
    }
}
