import Crypto
import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import Foundation
import Logging
import TestSupport
import Testing

/// Who wants to know of a run's end is told, over real sockets.
@Suite("completion hooks", .timeLimit(.minutes(1)))
struct CompletionHookTests {
    static let ends: [(nodes: [JSONValue], status: String, output: JSONValue)] = [
        ([node("a", "set", ["value": ["n": 1]])], "completed", ["n": 1]),
        ([node("a", "fail", ["message": "no"])], "failed", .null),
        ([node("a", "delay", ["duration": "1h"])], "cancelled", .null),
    ]

    @Test("the event is a cloud event with the run's summary, its output and its error", arguments: ends.indices)
    func event(index: Int) async throws {
        let (nodes, status, output) = Self.ends[index]
        try await HookReceiver.with { receiver in
            try await TestServer.with { server in
                let client = server.client
                let body: JSONValue = [
                    "workflow": workflow("told", nodes), "on_completion": receiver.hook, "labels": ["team": "x"],
                    "input": ["secret": "input"],
                ]
                let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
                let id =
                    try await client.send("POST", "/workflows", body, headers: ["traceparent": trace])
                    .json["workflow_id"]?.string ?? ""
                if status == "cancelled" { _ = try await client.send("POST", "/workflows/\(id)/cancel") }
                let request = try #require(await receiver.requests(1).first)
                let run = try await client.send("GET", "/workflows/\(id)?wait=20s").json
                #expect(request.method == "POST" && request.path == "/hook" && request.query == "of=test")
                #expect(request["content-type"] == "application/cloudevents+json")
                #expect(request["traceparent"]?.contains("4bf92f3577b34da6a3ce929d0e0e4736") == true)
                #expect(request["webhook-id"] == request.json["id"]?.string && request["webhook-signature"] == nil)
                var event = try #require(request.json.object)
                let data = try #require(event["data"]?.object)
                #expect(event["id"]?.string?.hasPrefix("\(id)/") == true)
                (event["data"], event["id"]) = (nil, nil)
                #expect(
                    event == [
                        "specversion": "1.0", "source": "/flowcore", "type": .string("flowcore.workflow.\(status)"),
                        "subject": .string(id), "time": run["completed_at"] ?? .null,
                        "datacontenttype": "application/json",
                    ])
                #expect(data["status"]?.string == status && data["output"] == output && data["labels"] == ["team": "x"])
                #expect((data["error"] == .null) == (status == "completed"), "\(data)")
                for member in data.members { #expect(run[member.name] == member.value, "\(member.name)") }
                let hidden: Set<String> = ["nodes", "input", "on_completion"]
                #expect(
                    Set(data.members.map(\.name)) == Set((run.object ?? [:]).members.map(\.name)).subtracting(hidden))
                let delivery = try await client.delivery(of: id) { $0["status"] == "delivered" }
                #expect(delivery["attempts"] == 1 && delivery["next_attempt_at"] == .null)
                #expect(delivery["last_error"] == .null && delivery["created_at"] == run["completed_at"])
            }
        }
    }

    @Test(
        "the event is signed with the secret that the hook names, as Standard Webhooks has it",
        arguments: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a plain text"])
    func signature(secret: String) async throws {
        var options = TestServer.Options()
        options.secrets = Secrets(["signing": secret, "other": "not this one"])
        let clock = ManualClock()
        options.clock = clock
        try await HookReceiver.with { receiver in
            try await TestServer.with(options) { server in
                let hook: JSONValue = [
                    "url": receiver.hook, "secret": "signing",
                    "headers": ["X-Team": "x y", "Authorization": "Bearer t"],
                ]
                let id = try await server.client.runWithHook(hook)
                let request = try #require(await receiver.requests(1).first)
                let seconds = try #require(request["webhook-timestamp"])
                #expect(seconds == String(clock.now.milliseconds / 1000))
                let key =
                    secret.hasPrefix("whsec_")
                    ? Data(base64Encoded: String(secret.dropFirst(6))) ?? Data() : Data(secret.utf8)
                let signed = Data("\(request["webhook-id"] ?? "").\(seconds).\(request.body)".utf8)
                let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
                #expect(request["webhook-signature"] == "v1," + Data(code).base64EncodedString())
                #expect(request["x-team"] == "x y" && request["authorization"] == "Bearer t")
                let run = try await server.client.send("GET", "/workflows/\(id)").json
                #expect(
                    run["on_completion"] == [
                        "url": receiver.hook, "secret": "signing",
                        "headers": ["Authorization": "[hidden]", "X-Team": "[hidden]"],
                    ])
            }
        }
    }

    @Test("what is not taken is sent again, later each time, as the same event; and never again once it was taken")
    func retries() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await HookReceiver.with { number, _ in
            switch number {
            case 1: RecordedReply(500)
            case 2: RecordedReply(503, [("Retry-After", "60")])
            case 3: .redirect(307, to: "/elsewhere")
            default: RecordedReply(200, body: [UInt8](repeating: 32, count: 100_000))
            }
        } _: { receiver in
            try await TestServer.with(options) { server in
                let client = server.client
                let id = try await client.runWithHook(receiver.hook)
                // A second, as the receiver wishes, and four seconds: the third attempt is followed by 2 * 2.
                for (attempt, wait) in [1, 60, 4].enumerated() {
                    let delivery = try await client.delivery(of: id) { $0["attempts"]?.integer == Int64(attempt + 1) }
                    #expect(delivery["status"] == "pending")
                    #expect(delivery["last_error"]?.string?.contains("status \([500, 503, 307][attempt])") == true)
                    let next = delivery["next_attempt_at"]?.string.flatMap { Timestamp($0) }
                    #expect(next == clock.now.advanced(by: .seconds(wait)), "\(delivery)")
                    clock.advance(by: .seconds(wait) - .milliseconds(1))
                    #expect(receiver.requests.count == attempt + 1)
                    clock.advance(by: .milliseconds(1))
                    _ = await receiver.requests(attempt + 2)
                }
                #expect(try await client.delivery(of: id) { $0["status"] == "delivered" }["attempts"] == 4)
                clock.advance(by: .seconds(10 * 86400))
                // Another one goes through, which would not be before what was due earlier.
                let other = try await client.runWithHook(receiver.hook)
                _ = try await client.delivery(of: other) { $0["status"] == "delivered" }
                let requests = receiver.requests
                #expect(requests.count == 5 && requests.allSatisfy { $0.path == "/hook" })
                #expect(Set(requests[..<4].map { $0["webhook-id"] }).count == 1)
                #expect(Set(requests[..<4].map(\.bytes)).count == 1)
                #expect(Set(requests[..<4].map { $0["webhook-timestamp"] }).count == 4)
                #expect(
                    requests[4].json["subject"]?.string == other
                        && requests[4]["webhook-id"] != requests[0]["webhook-id"])
            }
        }
    }

    @Test("a receiver that is gone is not asked again, and one that never takes it not for ever")
    func givenUp() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        options.limits.hooks.maximumAge = .seconds(3)
        let keeper = LogKeeper()
        options.makeLogger = keeper.logger
        try await HookReceiver.with { _, request in
            RecordedReply(request.json["data"]?["labels"]?["gone"] == nil ? 500 : 410)
        } _: { receiver in
            try await TestServer.with(options) { server in
                let client = server.client
                let gone = try await client.runWithHook(receiver.hook, ["labels": ["gone": "yes"]])
                let end = try await client.delivery(of: gone) { $0["status"] == "failed" }
                #expect(end["attempts"] == 1 && end["last_error"]?.string?.contains("410") == true, "\(end)")
                let id = try await client.runWithHook(receiver.hook)
                for (attempt, wait) in [1, 2].enumerated() {
                    _ = try await client.delivery(of: id) { $0["attempts"]?.integer == Int64(attempt + 1) }
                    clock.advance(by: .seconds(wait))
                }
                let last = try await client.delivery(of: id) { $0["attempts"] == 3 }
                #expect(last["status"] == "failed" && last["next_attempt_at"] == .null, "\(last)")
                let metrics = try await client.send("GET", "/metrics").text
                #expect(metrics.contains("\nflowcore_hook_deliveries_total{status=\"failed\"} 2\n"), "\(metrics)")
                #expect(metrics.contains("\nflowcore_hook_deliveries_total{status=\"delivered\"} 0\n"))
                #expect(metrics.contains("\nflowcore_hook_failed_attempts_total 4\n"))
            }
        }
        let entries = keeper.all.filter { $0.message == "hook given up" }
        #expect(entries.count == 2 && entries.allSatisfy { $0.level == .warning })
        #expect(entries.allSatisfy { $0.metadata["receiver"]?.hasPrefix("http://127.0.0.1:") == true })
        #expect(keeper.all.allSatisfy { !$0.metadata.values.contains { $0.contains("of=test") } })
    }

    @Test("what was not delivered before a stop is delivered after the next start, as the same event")
    func restart() async throws {
        let directory = temporaryDirectory()
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await HookReceiver.with { number, _ in
            RecordedReply(number == 1 ? 500 : 200)
        } _: { receiver in
            let id = try await TestServer.with(options, directory: directory) { server in
                let id = try await server.client.runWithHook(receiver.hook)
                _ = try await server.client.delivery(of: id) { $0["attempts"] == 1 }
                return id
            }
            #expect(receiver.requests.count == 1)
            clock.advance(by: .seconds(60))
            for _ in 0..<2 {
                try await TestServer.with(options, directory: directory) { server in
                    let delivery = try await server.client.delivery(of: id) { $0["status"] == "delivered" }
                    #expect(delivery["attempts"] == 2)
                    // What a start finds goes before this one.
                    let other = try await server.client.runWithHook(receiver.hook)
                    _ = try await server.client.delivery(of: other) { $0["status"] == "delivered" }
                }
            }
            let told = receiver.requests.filter { $0.json["subject"]?.string == id }
            #expect(told.count == 2 && told[0].bytes == told[1].bytes && receiver.requests.count == 4)
        }
    }

    @Test("an attempt that a stop cuts off does not count, and is made again after the next start")
    func cutOff() async throws {
        let directory = temporaryDirectory()
        let gate = Gate()
        try await HookReceiver.with { number, _ in
            if number == 1 { _ = await gate.pass() }
            return RecordedReply(200)
        } _: { receiver in
            let id = try await TestServer.with(directory: directory) { server in
                let id = try await server.client.runWithHook(receiver.hook)
                _ = await receiver.requests(1)
                return id
            }
            try await TestServer.with(directory: directory) { server in
                let delivery = try await server.client.delivery(of: id) { $0["status"] == "delivered" }
                #expect(delivery["attempts"] == 1 && receiver.requests.count == 2, "\(delivery)")
            }
            gate.open()
        }
    }

    @Test("a receiver that does not answer in time, or is not there, is asked again")
    func timeout() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        let gate = Gate()
        try await HookReceiver.with { _, _ in
            _ = await gate.pass()
            return RecordedReply(200)
        } _: { receiver in
            try await TestServer.with(options) { server in
                let client = server.client
                let id = try await client.runWithHook(receiver.hook)
                _ = await receiver.requests(1)
                clock.advance(by: .seconds(15))
                let late = try await client.delivery(of: id) { $0["attempts"] == 1 }
                #expect(late["status"] == "pending" && late["last_error"] == "the service did not answer in 15s")
                gate.open()
                clock.advance(by: .seconds(1))
                _ = try await client.delivery(of: id) { $0["status"] == "delivered" }
                let nobody = try await client.runWithHook("http://127.0.0.1:1/")
                let error = try await client.delivery(of: nobody) { $0["attempts"] == 1 }["last_error"]?.string
                #expect(error?.hasPrefix("the call to http://127.0.0.1:1 failed") == true, "\(error ?? "none")")
            }
        }
    }

    @Test("a run without durability has its end told too, again if need be, as long as the server lives")
    func volatile() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await HookReceiver.with { number, _ in
            RecordedReply(number == 1 ? 500 : 200)
        } _: { receiver in
            try await TestServer.with(options) { server in
                let id = try await server.client.runWithHook(receiver.hook, ["durability": "none"])
                _ = try await server.client.delivery(of: id) { $0["attempts"] == 1 }
                clock.advance(by: .seconds(1))
                let requests = await receiver.requests(2)
                #expect(requests.allSatisfy { $0.json["subject"]?.string == id })
                while try await server.client.send("GET", "/workflows/\(id)/delivery").status != 204 {}
                #expect(receiver.requests.count == 2)
            }
        }
    }

    @Test(
        "a receiver that does not answer keeps neither runs nor other receivers waiting, and few at a time are sent to it"
    )
    func slowReceiver() async throws {
        var options = TestServer.Options()
        options.limits.hooks.parallel = 8
        let gate = Gate()
        try await HookReceiver.with { _, _ in
            _ = await gate.pass()
            return RecordedReply(200)
        } _: { slow in
            try await HookReceiver.with { quick in
                try await TestServer.with(options) { server in
                    let client = server.client
                    var ids: [String] = []
                    for _ in 0..<20 { ids.append(try await client.runWithHook(slow.hook)) }
                    for _ in 0..<3 {
                        let id = try await client.runWithHook(quick.hook)
                        _ = try await client.delivery(of: id) { $0["status"] == "delivered" }
                    }
                    _ = await slow.requests(2)
                    #expect(slow.requests.count == 2)
                    gate.open()
                    for id in ids { _ = try await client.delivery(of: id) { $0["status"] == "delivered" } }
                    #expect(Set(slow.requests.map { $0.json["subject"]?.string }) == Set(ids))
                    #expect(slow.requests.count == ids.count)
                }
            }
        }
    }

    @Test("of runs that end at the same time each is told, once, and as it ended")
    func many() async throws {
        try await HookReceiver.with { receiver in
            try await TestServer.with { server in
                let client = server.client
                let hook = receiver.hook
                // Nodes that are waited for: the run is known before it ends.
                let nodes = [node("a", "delay", ["duration": "1ms"])]
                let ids = try await withThrowingTaskGroup(of: [String].self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            var ids: [String] = []
                            for _ in 0..<40 { ids.append(try await client.runWithHook(hook, nodes: nodes)) }
                            return ids
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                for id in ids { _ = try await client.delivery(of: id) { $0["status"] == "delivered" } }
                let requests = receiver.requests
                #expect(Set(requests.map { $0.json["subject"]?.string }) == Set(ids) && requests.count == ids.count)
                #expect(Set(requests.map { $0.json["type"]?.string }) == ["flowcore.workflow.completed"])
            }
        }
    }

    @Test("a run that repeats another tells whom that one told, of itself")
    func rerun() async throws {
        try await HookReceiver.with { receiver in
            try await TestServer.with { server in
                let client = server.client
                let id = try await client.runWithHook(["url": receiver.hook, "headers": ["X-Team": "x"]])
                let again = try await client.send("POST", "/workflows/\(id)/rerun", [:])
                #expect(again.status == 202, "\(again.text)")
                let requests = await receiver.requests(2)
                #expect(Set(requests.map { $0.json["subject"] }) == [.string(id), again.json["workflow_id"]])
                #expect(requests.allSatisfy { $0["x-team"] == "x" })
            }
        }
    }

    @Test("a run that is removed takes its delivery with it; one that has not ended, or tells nobody, has none")
    func absent() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await HookReceiver.with { _, _ in
            RecordedReply(500)
        } _: { receiver in
            try await TestServer.with(options) { server in
                let client = server.client
                let id = try await client.runWithHook(receiver.hook)
                _ = try await client.delivery(of: id) { $0["attempts"] == 1 }
                #expect(try await client.send("DELETE", "/workflows/\(id)").status == 204)
                clock.advance(by: .seconds(10))
                let other = try await client.runWithHook(receiver.hook)
                _ = try await client.delivery(of: other) { $0["attempts"] == 1 }
                #expect(receiver.requests.count == 2)
                let plain = try await client.run(workflow([node("a")])).json["workflow_id"]?.string ?? ""
                let slow: JSONValue = [
                    "workflow": workflow([node("a", "delay", ["duration": "1h"])]), "on_completion": receiver.hook,
                ]
                let running = try await client.send("POST", "/workflows", slow).json["workflow_id"]?.string ?? ""
                for id in [id, "ghost"] {
                    let answer = try await client.send("GET", "/workflows/\(id)/delivery")
                    #expect(answer.status == 404 && answer.isProblem, "\(answer.text)")
                }
                for id in [plain, running] {
                    let answer = try await client.send("GET", "/workflows/\(id)/delivery")
                    #expect(answer.status == 204 && answer.text.isEmpty, "\(answer.text)")
                }
                #expect(try await client.send("POST", "/workflows/\(running)/cancel").status == 202)
            }
        }
    }
}
