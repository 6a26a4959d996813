import FlowJSON
import Synchronization

@testable import BackendTestSuite

extension BrokenService {
    private static func on(
        _ path: String, _ change: @escaping @Sendable (inout Answer) -> Void
    ) -> @Sendable (LoopbackServer.Request, Answer) async -> Answer? {
        { request, answer in
            var answer = answer
            if request.path == path { change(&answer) }
            return answer
        }
    }

    private static func without(_ name: String) -> @Sendable (inout LoopbackServer.Request) -> Void {
        { request in request.fields.removeAll { $0.name.lowercased() == name } }
    }

    /// A service for each way in which one can be wrong.
    static let all: [BrokenService] = [
        BrokenService("has no name", caughtBy: "L0.description.answers", on("/") { $0.set("name", nil) }),
        BrokenService(
            "names a type twice", caughtBy: "L0.description.node-types",
            on("/") { $0.set("node_types", ["passthrough", "passthrough"]) }),
        BrokenService(
            "describes a type that there is not", caughtBy: "L0.description.details",
            on("/") { $0.set("node_type_details", [["type": "other", "config_schema": [:]]]) }),
        BrokenService(
            "promises texts", caughtBy: "L0.description.contract",
            on("/") { $0.set("contract", ["max_parallel": "many"]) }),
        BrokenService(
            "tells samples that cannot be read", caughtBy: "L0.description.samples",
            on("/") { $0.set("samples", ["succeeds": ["kind": "greet"]]) }),
        BrokenService("says something else each time", caughtBy: "L0.description.stable") {
            [count = Counter()] request, answer in
            var answer = answer
            if request.path == "/" { answer.set("version", .string("\(count.next())")) }
            return answer
        },
        BrokenService(
            "says yes", caughtBy: "L0.capabilities.booleans", on("/capabilities") { $0.set("parallel", "yes") }),
        BrokenService(
            "forgets a capability", caughtBy: "L0.capabilities.standard",
            on("/capabilities") { $0.set("distributed", nil) }),
        BrokenService("is healthy with 503", caughtBy: "L0.health.healthy", on("/health") { $0.status = 503 }),
        BrokenService(
            "answers with HTML", caughtBy: "L0.execute.result-shape",
            on("/nodes/execute") {
                $0.type("text/html")
                $0.body = Array("<html>".utf8)
            }),
        BrokenService(
            "answers with megabytes that nobody asked for", caughtBy: "L0.execute.result-shape",
            on("/nodes/execute") { $0.set("padding", .string(String(repeating: "x", count: 2 << 20))) }),
        BrokenService(
            "says of JSON that it is text", caughtBy: "L0.execute.content-type",
            on("/nodes/execute") { $0.type("text/plain") }),
        BrokenService(
            "answers with another object", caughtBy: "L0.execute.without-key",
            on("/nodes/execute") { $0.json = ["result": 1] }),
        BrokenService("closes early", caughtBy: "L0.execute.result-shape") { request, answer in
            request.path == "/nodes/execute" ? nil : answer
        },
        BrokenService(
            "answers failed nodes with 500", caughtBy: "L0.execute.failed-is-200",
            on("/nodes/execute") { if $0.json["success"] == false { $0.status = 500 } }),
        BrokenService(
            "answers wrong requests with 500", caughtBy: "L0.errors.malformed-json",
            on("/nodes/execute") { if $0.status == 400 { $0.status = 500 } }),
        BrokenService(
            "answers any path", caughtBy: "L0.http.unknown-path",
            on("/conformance-no-such-path") { $0.status = 200 }),
        BrokenService(
            "ends streams without a result", caughtBy: "L0.streaming.events",
            on("/nodes/execute") { answer in
                let text = String(decoding: answer.body, as: UTF8.self)
                guard let place = text.firstRange(of: "event: result") else { return }
                answer.body = Array(text[..<place.lowerBound].utf8)
            }),
        BrokenService(
            "streams to who wants JSON", caughtBy: "L0.streaming.json-for-json",
            prepare: { request in
                guard request.path == "/nodes/execute" else { return }
                request.fields.removeAll { $0.name.lowercased() == "accept" }
                request.fields.append(("Accept", "text/event-stream"))
            }
        ) { _, answer in answer },
        BrokenService(
            "executes again what it has executed", caughtBy: "L2.idempotency.once", prepare: without("idempotency-key")
        ) { _, answer in answer },
        BrokenService(
            "executes twice what comes twice at once", caughtBy: "L2.idempotency.at-once",
            prepare: without("idempotency-key")
        ) { _, answer in answer },
        BrokenService(
            "executes twice what proxies send twice", caughtBy: "L3.duplicate.executed-once",
            prepare: without("idempotency-key")
        ) { _, answer in answer },
        BrokenService("does not notice who has left", caughtBy: "L2.cancel.reaches-work", isDeaf: true) { _, answer in
            answer
        },
        BrokenService("goes on with what was cancelled", caughtBy: "L2.cancel.node-ends", isDeaf: true) { $1 },
        BrokenService("goes on with what nobody waits for", caughtBy: "L2.timeout.run", isDeaf: true) { $1 },
        BrokenService("takes the part of a request for the whole", caughtBy: "L3.truncate.request", takesParts: true) {
            $1
        },
        BrokenService(
            "knows no deadline", caughtBy: "L2.timeout.header", prepare: without("flow-timeout"), isDeaf: true
        ) { _, answer in answer },
        usedUp(),
    ]

    /// Makes room for five nodes, and gives back only those places whose clients stay to the end.
    private static func usedUp() -> BrokenService {
        let active = Counter()
        return BrokenService(
            "is used up by broken connections", caughtBy: "L3.crash.many",
            prepare: { if $0.path == "/nodes/execute" { _ = active.next() } }
        ) { request, answer in
            guard request.path == "/nodes/execute" else { return answer }
            active.back()
            var answer = answer
            if active.value >= 5 { answer.status = 503 }
            return answer
        }
    }
}
