import FlowJSON
import FlowNATS
import FlowTesting
import Synchronization
import TestSupport
import Testing

@Suite("results that a worker sends together", .timeLimit(.minutes(2)))
struct BatchTests {
    /// A task that waits in the stream.
    struct Waiting {
        let sequence: UInt64
        let task: JSONValue
    }

    static let subject = "wf.res.cluster._.me"

    /// The tasks of nodes of a run, once they are in the stream.
    static func tasks(
        _ stream: JetStream, _ run: String, _ nodes: [String], type: String = "passthrough"
    ) async throws -> [String: Waiting] {
        var found: [String: Waiting] = [:]
        try await until {
            for node in nodes {
                if let stored = try await stream.next(
                    on: "wf.task.type_\(type).\(run).\(node)", from: 1, of: "WF_TASKS")
                {
                    found[node] = Waiting(sequence: stored.sequence, task: try JSONParser.parse(stored.payload))
                }
            }
            return found.count == nodes.count
        }
        return found
    }

    /// What came of a task.
    static func result(_ waiting: Waiting?, _ output: JSONValue, _ more: JSONObject = [:]) -> JSONValue {
        var result: JSONObject = ["v": 1, "worker": "me", "success": true, "output": output]
        for name in ["id", "token", "run", "node", "attempt"] { result[name] = waiting?.task[name] ?? .null }
        for member in more.members { result[member.name] = member.value }
        return .object(result)
    }

    static func send(
        _ stream: JetStream, _ results: [JSONValue], id: String, on subject: String = subject, worker: JSONValue = "me"
    ) async throws {
        let batch: JSONValue = ["v": 1, "worker": worker, "results": .array(results)]
        _ = try await stream.publish(subject, id: id, JSONWriter.bytes(of: batch), within: .seconds(5))
    }

    /// Has a consumer hand messages out, as to a server or worker that is gone soon.
    static func take(
        _ count: Int, from stream: String, _ consumer: String, _ connection: NATSConnection
    ) async throws -> [NATSMessage] {
        let taken = Mutex<[NATSMessage]>([])
        let pull = PullConsumer(
            connection, stream: stream, consumer: consumer, number: 1,
            onMessage: { message in taken.withLock { $0.append(message) } }, onEnd: {})
        try pull.ask(for: count, within: .seconds(30))
        try await until { taken.withLock { $0.count } == count }
        pull.stop()
        return taken.withLock { $0 }
    }

    static func messages(_ stream: JetStream, _ name: String) async throws -> JSONValue? {
        try await stream.call("STREAM.INFO." + name)["state"]?["messages"]
    }

    @Test("each is taken or refused for itself, and the message goes when all of them are done with")
    func mixed() async throws {
        let log = LogKeeper()
        var options = TestServer.Options()
        options.makeLogger = { log.logger($0) }
        try await withCluster(workers: 0, [:], options) { server, broker, _ in
            let nodes = ["a", "b", "c", "d"]
            let run = try await server.client.submit(nodes.map { extended($0, ["depends_on": []]) })
            let connection = try await broker.connection()
            defer { connection.close() }
            let stream = JetStream(connection)
            let tasks = try await Self.tasks(stream, run, nodes)
            let first: [JSONValue] = [
                Self.result(tasks["a"], "a"), Self.result(tasks["b"], "b", ["token": "guessed"]), "no result",
                Self.result(tasks["c"], "c", ["v": 2]), Self.result(tasks["d"], "d", ["worker": "other"]),
                Self.result(tasks["a"], "again"),
            ]
            try await Self.send(stream, first, id: "1")
            try await until {
                try await server.client.send("GET", "/workflows/\(run)/nodes/a").json["status"] == "completed"
            }
            try await until { log.all.filter { $0.message == "result refused" }.count >= 4 }
            // Another worker's subject, an empty batch, and what is none.
            try await Self.send(stream, [Self.result(tasks["b"], "b")], id: "2", on: "wf.res.cluster._.other")
            try await Self.send(stream, [], id: "3")
            try await Self.send(stream, [Self.result(tasks["b"], "b")], id: "4", worker: 1)
            try await until { log.all.filter { $0.message == "result refused" }.count >= 7 }
            let open = try await server.client.send("GET", "/workflows/\(run)").json
            #expect(open["status"] == "running" && open["nodes"]?["b"]?["status"] == "running", "\(open)")
            // The first message waits for what it says of "b", and no other one is left.
            try await until { try await Self.messages(stream, "WF_RES") == 1 }
            try await Self.send(stream, ["b", "c", "d"].map { Self.result(tasks[$0], .string($0)) }, id: "5")
            let end = try await server.client.finished(run)
            #expect(end.json["output"] == ["a": "a", "b": "b", "c": "c", "d": "d"], "\(end.text)")
            #expect(end.json["nodes"]?["d"]?["metadata"]?["worker"] == "me", "\(end.text)")
            try await until { try await Self.messages(stream, "WF_RES") == 0 }
        }
    }

    @Test("a worker with much to do sends them, also those of deep values, and all of them arrive once")
    func worker() async throws {
        try await withCluster(workers: 1, concurrency: 64) { server, broker, _ in
            let connection = try await broker.connection()
            defer { connection.close() }
            let sizes = Mutex<[Int]>([])
            connection.listen("wf.res.cluster._.*") { message in
                guard let results = (try? JSONParser.parse(message.payload, limits: JSONLimits(depth: 300)))?["results"]
                else { return }
                sizes.withLock { $0.append(results.array?.count ?? 0) }
            }
            await connection.flush(within: .seconds(5))
            let depth = 120
            let deep = try JSONParser.parse(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
            let count = 400
            // The worker asks the server what it reads when it has its first result.
            while sizes.withLock({ $0.isEmpty }) {
                let run = try await server.client.finished(
                    try await server.client.submit(
                        (0..<count).map { extended("n\($0)", ["depends_on": []]) }, input: ["deep": deep]))
                #expect(run.json["status"] == "completed", "\(run.text.prefix(2000))")
                let outputs = run.json["output"]?.object
                #expect(outputs?.count == count && outputs?.members.allSatisfy { $0.value["deep"] == deep } == true)
                #expect(run.json["nodes"]?["n0"]?["attempt"] == 1)
            }
            #expect(sizes.withLock { $0.allSatisfy { $0 > 1 } })
            let stream = JetStream(connection)
            try await until { try await Self.messages(stream, "WF_RES") == 0 }
            #expect(try await Self.messages(stream, "WF_TASKS") == 0)
        }
    }

    @Test("what a server that was killed had been given, and not acknowledged, is found by the next start")
    func found() async throws {
        let broker = try await Broker()
        let data = try madeDirectory()
        let server = try await ServerProcess.withCluster(broker, data: data)
        let nodes = (0..<20).map { "n\($0)" }
        let run = try await server.client.submit(nodes.map { extended($0, ["depends_on": []]) })
        let connection = try await broker.connection()
        defer { connection.close() }
        let stream = JetStream(connection)
        let tasks = try await Self.tasks(stream, run, nodes)
        try await server.crash()
        for (index, part) in [nodes[..<9], nodes[9...]].enumerated() {
            try await Self.send(stream, part.map { Self.result(tasks[$0], .string($0)) }, id: "\(index)")
        }
        for waiting in tasks.values { #expect(try await stream.delete(waiting.sequence, of: "WF_TASKS")) }
        // In the place of the server: the broker does not give them to anybody else for a while.
        #expect(
            try await Self.take(2, from: "WF_RES", "server_cluster", connection).map(\.subject) == [
                Self.subject, Self.subject,
            ])
        let again = try await ServerProcess(data: data)
        let end = try await again.client.finished(run)
        #expect(end.json["status"] == "completed", "\(end.text)")
        for node in nodes {
            #expect(end.json["nodes"]?[node]?["output_data"] == .string(node), "\(end.text.prefix(2000))")
            #expect(end.json["nodes"]?[node]?["metadata"]?["worker"] == "me")
        }
        #expect(try await Self.messages(stream, "WF_TASKS") == 0, "nothing was published again")
        #expect(try await again.stop() == 0)
    }

    @Test("a worker that gets a task again finds its result, also when no server is there to ask")
    func again() async throws {
        try await Effects.with { effects in
            let broker = try await Broker()
            let data = try madeDirectory()
            let server = try await ServerProcess.withCluster(broker, data: data)
            let nodes = ["a", "b", "c"]
            let run = try await server.client.submit(nodes.map { effects.node($0, after: []) })
            let connection = try await broker.connection()
            defer { connection.close() }
            let stream = JetStream(connection)
            let tasks = try await Self.tasks(stream, run, nodes, type: "http")
            try await server.crash()
            try await Self.send(stream, ["a", "b"].map { Self.result(tasks[$0], .string($0)) }, id: "1")
            // A worker that was lost had all three.
            for message in try await Self.take(nodes.count, from: "WF_TASKS", "type_http", connection) {
                try connection.say(.nak, of: try #require(Delivery(message.reply)))
            }
            let worker = try await Worker(broker)
            try await until { try await Self.messages(stream, "WF_TASKS") == 0 }
            #expect(effects.counts.count == 1, "only what had no result is executed: \(effects.counts)")
            let next = try await ServerProcess(data: data)
            let end = try await next.client.finished(run)
            #expect(end.json["status"] == "completed", "\(end.text)")
            #expect(end.json["nodes"]?["a"]?["output_data"] == "a" && end.json["nodes"]?["b"]?["output_data"] == "b")
            #expect(effects.counts.count == 1 && effects.duplicates == 0, "\(effects.counts)")
            #expect(try await next.stop() == 0)
            withExtendedLifetime(worker) {}
        }
    }
}
