import FlowCore
import FlowJSON
import Testing

@Suite("failure policies", .timeLimit(.minutes(1)))
struct FailurePolicyTests {
    static func harness(_ node: JSONObject, _ result: @escaping (Int) -> NodeResult) throws -> PlannerHarness {
        var whole: JSONObject = ["node_id": "a", "type": "echo"]
        for member in node.members { whole[member.name] = member.value }
        var harness = try PlannerHarness(
            ["name": "w", "nodes": [.object(whole), ["node_id": "b", "type": "echo"]]], input: "in")
        harness.result = { id, attempt, input in id == "a" ? result(attempt) : .success(output: input) }
        harness.run()
        return harness
    }

    static func failure(_ code: NodeFailure.Code = .failed, retriable: Bool = true) -> NodeResult {
        .failure(NodeFailure(code, "no", retriable: retriable))
    }

    @Test("a retriable error is tried again after growing delays")
    func retry() throws {
        let harness = try Self.harness(
            ["retry": ["max_attempts": 4, "initial_delay": "1s", "multiplier": 3, "jitter": 0]]
        ) { $0 < 4 ? Self.failure() : .success(output: "done") }
        let node = try #require(harness.planner.context["a"])
        #expect(harness.planner.context.output == "done" && node.attempt?.number == 4)
        let starts = (node.earlierAttempts.map(\.startedAt) + [node.attempt?.startedAt]).compactMap { $0?.milliseconds }
        #expect(zip(starts.dropFirst(), starts).map { $0 - $1 } == [1000, 3000, 9000])
    }

    @Test("attempts end with their number, with an error that is not retriable, and with the total time")
    func retryEnds() throws {
        let used = try Self.harness(["retry": ["max_attempts": 3, "initial_delay": 0]]) { _ in Self.failure() }
        #expect(used.planner.context["a"]?.attempt?.number == 3 && used.planner.context.status == .failed)
        let final = try Self.harness(["retry": ["max_attempts": 3]]) { _ in Self.failure(retriable: false) }
        #expect(final.planner.context["a"]?.attempt?.number == 1)
        let listed = try Self.harness(["retry": ["max_attempts": 2, "retry_on": ["timeout"], "initial_delay": 0]]) {
            Self.failure($0 == 1 ? .timeout : .failed)
        }
        #expect(listed.planner.context["a"]?.attempt?.number == 2)
        let total = try Self.harness(
            [
                "retry": ["max_attempts": 100, "initial_delay": "4s", "backoff": "fixed", "jitter": 0],
                "total_timeout": "10s",
            ]
        ) { _ in Self.failure() }
        #expect(total.planner.context["a"]?.attempt?.number == 3)
    }

    @Test("a backend that is away has a budget of its own")
    func transport() throws {
        let away = NodeFailure.transport(BackendError(.unavailable, backend: .native, "away"))
        let harness = try Self.harness(["retry": ["max_attempts": 2, "initial_delay": 0]]) {
            switch $0 {
            case 1, 2, 4: .failure(away)
            case 3: Self.failure()
            default: .success(output: 1)
            }
        }
        #expect(harness.planner.context.status == .completed && harness.planner.context["a"]?.attempt?.number == 5)
    }

    @Test("what a backend that tries again by itself could not do is left to the node's own policy")
    func retriedByBackend() throws {
        let error = BackendError(.unavailable, backend: .native, "away", retryOwner: .backend)
        let without = try Self.harness([:]) { _ in .failure(.transport(error)) }
        #expect(without.planner.context["a"]?.attempt?.number == 1 && without.planner.context.status == .failed)
        #expect(without.planner.context["a"]?.attempt?.error?.details?["retry_owner"] == "backend")
        let with = try Self.harness(["retry": ["max_attempts": 3, "initial_delay": 0]]) { _ in
            .failure(.transport(error))
        }
        #expect(with.planner.context["a"]?.attempt?.number == 3)
        let service = BackendError(.overloaded, backend: .native, "full", failure: .remoteStatus, retryOwner: .service)
        let again = try Self.harness([:]) { $0 < 4 ? .failure(.transport(service)) : .success(output: 1) }
        #expect(again.planner.context.status == .completed && again.planner.context["a"]?.attempt?.number == 4)
        let final = BackendError(.unavailable, backend: .native, "no", failure: .tlsError, isRetriable: false)
        let once = try Self.harness(["retry": ["max_attempts": 3, "initial_delay": 0]]) { _ in
            .failure(.transport(final))
        }
        #expect(once.planner.context["a"]?.attempt?.number == 1)
        #expect(once.planner.context["a"]?.attempt?.error?.code == .tlsError)
    }

    @Test("the four ways to go on from a failure")
    func onError() throws {
        let fail = try Self.harness(["on_error": "fail"]) { _ in Self.failure() }
        #expect(fail.planner.context.status == .failed)
        let proceed = try Self.harness(["on_error": "continue"]) { _ in Self.failure() }
        #expect(proceed.planner.context.status == .completed && proceed.planner.context["a"]?.status == .failed)
        #expect(proceed.planner.context["b"]?.inputData == .null)
        let replace = try Self.harness(["on_error": ["continue_with": ["why": "${error.code}", "in": "${input}"]]]) {
            _ in Self.failure()
        }
        #expect(replace.planner.context.output == ["why": "failed", "in": "in"])
        #expect(replace.planner.context["a"]?.status == .completed)
        let fallback = try Self.harness(
            ["on_error": ["fallback": ["type": "echo", "config": ["value": "${input + '!'}"]]]]
        ) { $0 == 1 ? Self.failure() : .success(output: "fallback") }
        #expect(fallback.planner.context.output == "fallback")
        #expect(fallback.planner.context["a"]?.usesFallback == true)
        let both = try Self.harness(["on_error": ["fallback": ["type": "echo"]]]) { _ in Self.failure() }
        #expect(both.planner.context.status == .failed && both.planner.context["a"]?.attempt?.number == 2)
    }

    @Test("a node during whose attempts the server stops again and again is given up")
    func lost() throws {
        var harness = try PlannerHarness(
            ["name": "w", "nodes": [["node_id": "a", "type": "echo", "on_error": ["continue_with": "${error.code}"]]]])
        var crashes = 0
        while harness.step() {
            guard !harness.running.isEmpty else { continue }
            crashes += 1
            harness.crash()
        }
        #expect(crashes == harness.limits.lostAttempts)
        #expect(harness.planner.context.output == "lost" && harness.planner.context.status == .completed)
    }

    @Test("no attempt begins once the time for all has passed while the server was down", arguments: [false, true])
    func overdue(isRunning: Bool) throws {
        let policy: JSONValue = ["max_attempts": 9, "initial_delay": "1500ms", "jitter": 0]
        var harness = try PlannerHarness(
            ["name": "w", "nodes": [["node_id": "a", "type": "echo", "total_timeout": "2s", "retry": policy]]])
        harness.result = { _, _, _ in .failure(NodeFailure("out_of_luck", "no", retriable: true)) }
        while harness.step() {
            let isThere = isRunning ? !harness.running.isEmpty : harness.planner.context["a"]?.retryAt != nil
            if isThere { break }
        }
        harness.crash()
        harness.now = harness.now.advanced(by: .seconds(5))
        var isStarted = false
        while harness.step() { isStarted = isStarted || !harness.running.isEmpty }
        #expect(!isStarted && harness.planner.context.status == .failed)
        #expect(harness.planner.context.error?.code == (isRunning ? .timeout : "out_of_luck"))
    }

    @Test("jitter stays inside the cap")
    func jitter() {
        let policy = RetryPolicy(initialDelay: .seconds(10), multiplier: 2, maxDelay: .seconds(15), jitter: 1)
        #expect(policy.delay(afterAttempts: 1, random: 0) == .zero)
        #expect(policy.delay(afterAttempts: 1, random: 0.5) == .seconds(10))
        #expect(policy.delay(afterAttempts: 1, random: 0.999) == .seconds(15))
        #expect(policy.delay(afterAttempts: 2000, random: 0.5) == .seconds(15))
    }

    @Test("a node waits for its answer, and with it the run")
    func approval() throws {
        let workflow: JSONValue = [
            "name": "w",
            "nodes": [
                ["node_id": "ask", "type": "approval", "config": ["prompt": ["pay": "${input.total}"]]],
                ["node_id": "after", "type": "echo"],
            ],
        ]
        var harness = try PlannerHarness(workflow, input: ["total": 5])
        harness.run()
        #expect(harness.planner.context.status == .interrupted)
        #expect(harness.planner.context["ask"]?.interrupt?.prompt == ["pay": 5])
        harness.crash()
        harness.run()
        #expect(harness.planner.context.status == .interrupted)
        harness.record(.nodeCompleted("ask", attempt: 1, output: ["ok": true], notes: nil))
        harness.run()
        #expect(harness.planner.context.status == .completed && harness.planner.context.output == ["ok": true])
    }

    @Test("an answer that does not come in time is the default, or a failure", arguments: [true, false])
    func noAnswer(hasDefault: Bool) throws {
        var config = JSONObject()
        if hasDefault { config["default"] = "yes" }
        let nodes: JSONValue = [
            ["node_id": "ask", "type": "approval", "timeout": "1h", "config": .object(config)]
        ]
        var harness = try PlannerHarness(["name": "w", "nodes": nodes])
        harness.run()
        #expect(harness.planner.context.status == (hasDefault ? .completed : .failed))
        #expect(harness.planner.context.output == (hasDefault ? "yes" : nil))
        #expect(harness.planner.context.error?.code == (hasDefault ? nil : .timeout))
        #expect(harness.now == PlannerTests.start.advanced(by: .seconds(3600)))
    }
}
