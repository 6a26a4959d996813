import FlowJSON
import Foundation
import TestSupport
import Testing

/// The server is killed while runs with hooks end and while their receiver is asked, some of which it refuses. Whatever
/// was accepted has to be told in the end: at least once, and as the same event each time.
@Suite("kill -9 and hooks", .timeLimit(.minutes(30)))
struct HookCrashTests {
    static func submission(_ number: Int, _ hook: JSONValue) -> JSONValue {
        let nodes: [JSONValue] =
            number % 2 == 0 ? [node("a"), node("b")] : [node("a"), node("b", "delay", ["duration": "3ms"]), node("c")]
        return [
            "workflow": workflow("crash", nodes), "input": ["number": .integer(Int64(number))],
            "on_completion": ["url": hook, "secret": "signing"],
        ]
    }

    @Test("of every accepted run the end is told, whenever the server is killed")
    func cycles() async throws {
        let environment = ProcessInfo.processInfo.environment
        var generator = Seeded(state: environment["SEED"].flatMap { UInt64($0) } ?? 1)
        let cycles = environment["CYCLES"].flatMap { Int($0) } ?? 4
        let variables = ["FLOWCORE_SECRET_SIGNING": "key-of-the-crash-test"]
        let data = temporaryDirectory()
        let ledger = CrashTests.Ledger(limit: .max)
        try await HookReceiver.with { number, _ in
            // Every third one is tried again.
            RecordedReply(number % 3 == 0 ? 503 : 204)
        } _: { receiver in
            var server = try await ServerProcess(data: data, environment: variables)
            let hook = receiver.hook
            for _ in 0..<cycles {
                let limit = receiver.requests.count + Int.random(in: 1...60, using: &generator)
                let client = server.client
                await withTaskGroup { group in
                    for worker in 0..<4 {
                        group.addTask {
                            var number = worker
                            while let response = try? await client.send(
                                "POST", "/workflows", Self.submission(number, hook))
                            {
                                guard response.status == 202, let id = response.json["workflow_id"]?.string else {
                                    break
                                }
                                ledger.add(id, ended: nil)
                                number += 4
                            }
                        }
                    }
                    _ = await receiver.requests(limit)
                    server.signal(SIGKILL)
                }
                _ = try await server.exit()
                server = try await ServerProcess(data: data, environment: variables)
            }
            let ids = Set(ledger.accepted)
            for id in ids {
                let run = try await server.client.send("GET", "/workflows/\(id)?wait=60s").json
                #expect(run["status"] == "completed")
                let delivery = try await server.client.delivery(of: id) { $0["status"] != "pending" }
                #expect(delivery["status"] == "delivered", "\(delivery)")
            }
            #expect(try await server.stop() == 0)
            var events: [String: Set<[UInt8]>] = [:]
            for request in receiver.requests {
                let id = try #require(request.json["subject"]?.string)
                events[id, default: []].insert(request.bytes)
                #expect(request["webhook-id"] == request.json["id"]?.string)
                #expect(request.json["type"] == "flowcore.workflow.completed")
            }
            // A run whose acceptance the kill kept from its client is told as well.
            #expect(ids.isSubset(of: events.keys) && !ids.isEmpty)
            #expect(events.values.allSatisfy { $0.count == 1 })
            print("\(cycles) cycles, \(ids.count) accepted runs, \(receiver.requests.count) requests, all told")
        }
    }
}
