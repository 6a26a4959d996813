import FlowJSON
import Foundation
import Synchronization
import TestSupport
import Testing

/// The server is killed at a moment that a seed chooses, while clients submit. Whatever it had accepted has to be there
/// after the next start and has to end completed, with every node's output once and a journal without gaps.
@Suite("kill -9", .timeLimit(.minutes(30)))
struct CrashTests {
    /// What the server has accepted, and the wish to kill it after so many answers.
    final class Ledger: Sendable {
        private struct State: Sendable {
            var accepted: [String] = []
            /// The runs whose end a client has read, as it read them.
            var ended: [String: JSONValue] = [:]
            var limit: Int
            var waiter: CheckedContinuation<Void, Never>?
        }

        private let state: Mutex<State>

        init(limit: Int) { state = Mutex(State(limit: limit)) }

        var accepted: [String] { state.withLock { $0.accepted } }

        var ended: [String: JSONValue] { state.withLock { $0.ended } }

        func add(_ id: String, ended run: JSONValue?) {
            let waiter = state.withLock { state in
                state.accepted.append(id)
                if let run { state.ended[id] = run }
                return state.accepted.count >= state.limit ? state.waiter.take() : nil
            }
            waiter?.resume()
        }

        func full() async {
            await withCheckedContinuation { continuation in
                let isFull = state.withLock { state in
                    if state.accepted.count < state.limit { state.waiter = continuation }
                    return state.accepted.count >= state.limit
                }
                if isFull { continuation.resume() }
            }
        }
    }

    static func submission(_ number: Int) -> JSONValue {
        let nodes: [JSONValue] =
            switch number % 3 {
            case 0: (0..<6).map { node("n\($0)") }
            case 1: [node("a"), node("b", "delay", ["duration": "3ms"]), node("c", "set", ["value": 1])]
            default:
                [node("root")] + (0..<4).map { node("n\($0)", "delay", after: ["root"], ["duration": "1ms"]) }
                    + [node("join", after: (0..<4).map { "n\($0)" })]
            }
        return ["workflow": workflow("crash", nodes), "input": ["number": .integer(Int64(number))]]
    }

    @Test("every accepted run survives and ends completed, once")
    func cycles() async throws {
        let environment = ProcessInfo.processInfo.environment
        let cycles = environment["CYCLES"].flatMap { Int($0) } ?? 5
        var generator = Seeded(state: environment["SEED"].flatMap { UInt64($0) } ?? 1)
        let data = temporaryDirectory()
        var all: [String] = []
        var reported = 0
        var server = try await ServerProcess(data: data)
        for cycle in 0..<cycles {
            let ledger = Ledger(limit: Int.random(in: 1...80, using: &generator))
            let client = server.client
            let waits = Bool.random(using: &generator)
            await withTaskGroup { group in
                for worker in 0..<4 {
                    group.addTask {
                        var number = worker
                        let headers = waits ? ["Prefer": "wait=10"] : [:]
                        while let response = try? await client.send(
                            "POST", "/workflows", Self.submission(number), headers: headers)
                        {
                            guard response.status == 202 || response.status == 200,
                                let id = response.json["workflow_id"]?.string
                            else { break }
                            ledger.add(id, ended: response.status == 200 ? response.json : nil)
                            number += 4
                        }
                    }
                }
                await ledger.full()
                server.signal(SIGKILL)
            }
            _ = try await server.exit()
            server = try await ServerProcess(data: data)
            let ended = ledger.ended
            for id in ledger.accepted { try await Self.check(id, ended[id], server.client, cycle) }
            reported += ended.count
            all += ledger.accepted
        }
        #expect(Set(all).count == all.count)
        // What earlier cycles had accepted is still there after all the later ones.
        for id in all.prefix(200) {
            #expect(try await server.client.send("GET", "/workflows/\(id)").json["status"] == "completed")
        }
        server.signal(SIGTERM)
        #expect(try await server.exit() == 0)
        print("\(cycles) cycles, \(all.count) accepted runs, all completed, \(reported) as they had been told")
    }

    /// Checks a run after the restart.
    ///
    /// - Parameter reported: The run as a client had read its end before.
    static func check(_ id: String, _ reported: JSONValue?, _ client: TestClient, _ cycle: Int) async throws {
        let run = try await client.send("GET", "/workflows/\(id)?wait=60s")
        #expect(run.status == 200 && run.json["status"] == "completed", "cycle \(cycle): \(id) \(run.text.prefix(300))")
        let events = try await client.send("GET", "/workflows/\(id)/events?limit=1000").json["events"]?.array ?? []
        #expect(events.map { $0["position"]?.integer } == events.indices.map { Int64($0 + 1) }, "gap in \(id)")
        #expect(events.last?["type"] == "workflow_completed")
        let completed = events.filter { $0["type"] == "node_completed" }.compactMap { $0["node_id"]?.string }
        #expect(Set(completed).count == completed.count, "a node of \(id) completed twice")
        #expect(completed.count == run.json["nodes"]?.object?.count)
        guard let reported else { return }
        // What was told once stays: the outputs, and with them every attempt and time.
        #expect(run.json["output"] == reported["output"], "cycle \(cycle): the output of \(id) has changed")
        let nodes = reported["nodes"]?.object?.members ?? []
        #expect(!nodes.isEmpty && nodes.count == completed.count)
        for node in nodes {
            let now = run.json["nodes"]?[node.name]
            #expect(now?["output_data"] == node.value["output_data"], "cycle \(cycle): \(node.name) of \(id)")
        }
        #expect(run.json == reported, "cycle \(cycle): \(id) is not as it was told")
    }
}

/// A small generator whose numbers follow from its seed.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
