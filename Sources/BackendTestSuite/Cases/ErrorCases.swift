import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// Nodes that fail.
    static let errorCases: [ConformanceCase] = [
        ConformanceCase(
            .l1, "errors", "failed-result",
            "a node that fails is a failed node with a reason, never a crash or a success",
            why: "An error that is swallowed lets everything behind it work on nothing."
        ) { trial in
            let sample = try trial.sample(.fails)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            let node = try run.node("a")
            try run.expect(node.status == .failed, "the node is failed")
            let error = node.attempt?.error
            try run.expect(error?.message.isEmpty == false, "its error has a message")
            try run.expect(
                error.map {
                    ![.unavailable, .invalidResponse, .invalidJSON, .remoteStatus, .remoteError].contains($0.code)
                }
                    ?? false,
                "its error is the node's own, not one of the connection")
        },
        ConformanceCase(
            .l1, "errors", "run-fails", "the run of a node that fails has failed, with an error that names the node",
            why: "Who looks at the run has to see what went wrong where."
        ) { trial in
            let sample = try trial.sample(.fails)
            let run = try await trial.run([sample.node("culprit")], input: sample.input)
            try run.expect(run.context.status == .failed, "the run is failed")
            try run.expect(run.context.output == nil, "it has no output")
            try run.expect(
                run.context.error?.details?["node_id"] == "culprit", "its error names the node in details.node_id")
        },
        ConformanceCase(
            .l1, "errors", "lives-on", "after nodes that failed the next one succeeds",
            why: "One node's fault is no reason for a backend to stop."
        ) { trial in
            let sample = try trial.sample(.fails)
            for _ in 0..<5 { _ = try await trial.execute(sample).failure() }
            try await trial.expectAlive("five nodes that failed")
        },
        ConformanceCase(
            .l1, "errors", "stable", "the same fault is told the same way each time",
            why: "Retries and handlers go by its code."
        ) { trial in
            let sample = try trial.sample(.fails)
            let first = try await trial.execute(sample).failure()
            let answer = try await trial.execute(sample)
            let second = try answer.failure()
            try answer.expect(
                first.code == second.code && first.retriable == second.retriable,
                "the code \"\(first.code)\" and retriable \(first.retriable), as before")
        },
        ConformanceCase(
            .l1, "errors", "continue-with", "an error policy gives a failed node another output, and the run goes on",
            why: "It takes a failure that is told as one."
        ) { trial in
            let bad = try trial.sample(.fails)
            let echo = try trial.sample(.echoes)
            let run = try await trial.run(
                [bad.node("a", ["on_error": ["continue_with": ["instead": true]]]), echo.node("b")], input: bad.input)
            try run.expectCompleted()
            try run.expect(Trial.same(try run.output("b"), ["instead": true]), "\"b\" works on the replacement")
        },
        ConformanceCase(
            .l1, "errors", "fallback", "an error policy tries another node in the place of one that failed",
            why: "It takes a failure that is told as one, and a backend that goes on."
        ) { trial in
            let bad = try trial.sample(.fails)
            let good = try trial.sample(.succeeds)
            let other: JSONValue = ["type": .string(good.type), "config": .object(good.config)]
            let run = try await trial.run(
                [bad.node("a", ["input": Trial.literal(good.input), "on_error": ["fallback": other]])],
                input: good.input)
            // On another's input a node may well succeed, and then there is nothing to fall back from.
            try run.expectCompleted()
        },
    ]
}
