import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// Work side by side.
    static let parallelCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "parallel", "fan-out", "eight nodes behind one, and one behind them all, pass their data on",
            why: "A join that misses a branch loses its work."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let ids = (1...8).map { "branch\($0)" }
            let branches = ids.map { echo.node($0, ["depends_on": ["start"], "input": ["branch": .string($0)]]) }
            let join = echo.node("join", ["depends_on": .array(ids.map { .string($0) })])
            let run = try await trial.run([echo.node("start", ["depends_on": []])] + branches + [join])
            try run.expectCompleted()
            let output = try run.output("join")
            for id in ids {
                try run.expect(
                    output[id].map { Trial.same($0, ["branch": .string(id)]) } ?? false,
                    "the join's input and output hold what \"\(id)\" made")
            }
        },
        ConformanceCase(
            .l2, "parallel", "really", "a backend that declares parallel has two nodes of a run going at the same time",
            why: "Runs that wait for several services are as slow as the slowest of them, not as all together.",
            isExclusive: true
        ) { trial in
            try trial.needs(BackendCapabilities.parallel)
            guard trial.bench.contract.maxParallel > 1 else {
                throw ConformanceSkip(reason: "the backend promises max_parallel 1")
            }
            let sample = try trial.sample(.calls)
            // Each call waits for the other one.
            let line = trial.bench.probe.line { line, _ in
                await Deadline.run(within: trial.scaled(.seconds(6))) { await line.calls.reach(2) } == true ? 200 : 500
            }
            let called = sample.calling(trial.bench.probeURL + line.path)
            let run = try await trial.run(
                ["a", "b"].map { called.node($0, ["depends_on": []]) }, input: called.input)
            try run.expect(
                run.context.status == .completed && line.calls.count == 2,
                "both nodes make their calls before either ends, since each call waits for the other")
        },
        ConformanceCase(
            .l2, "parallel", "many", "sixty nodes at the same time all succeed",
            why: "Load comes in bursts."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        let answer = try await trial.execute(sample)
                        let output = try answer.output()
                        try answer.expect(
                            sample.output.map { Trial.same($0, output) } ?? true,
                            "the sample's output, under load as well")
                    }
                }
                try await group.waitForAll()
            }
        },
        ConformanceCase(
            .l2, "parallel", "skipped-branch", "a node whose condition is false is not executed",
            why: "What an author excludes must not happen."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let line = trial.bench.probe.line()
            let called = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            let run = try await trial.run(
                [
                    echo.node("a", ["depends_on": []]),
                    called.node("b", ["depends_on": ["a"], "when": "false", "input": Trial.literal(called.input)]),
                    echo.node("c", ["depends_on": ["a"]]),
                ])
            try run.expectCompleted()
            try run.expect(try run.node("b").status == .skipped, "\"b\" is skipped")
            try run.expect(line.calls.count == 0, "\"b\" makes no call")
        },
        ConformanceCase(
            .l2, "parallel", "for-each", "a node for each item of a list gives a list of outputs in the items' order",
            why: "Iterations run side by side and end in any order."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let items: [JSONValue] = (1...12).map { .integer($0) }
            let each: JSONValue = [
                "node_id": "each", "type": "for_each",
                "config": ["items": .array(items), "nodes": [echo.node("one", ["input": ["item": "${item}"]])]],
            ]
            let run = try await trial.run([each])
            try run.expectCompleted()
            try run.expect(
                Trial.same(try run.output("each"), .array(items.map { ["item": $0] })),
                "an output for each item, in order")
        },
    ]

    /// Work that must not mix.
    static let isolationCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "isolation", "runs", "twenty runs at the same time each get their own output",
            why: "One customer must not see another one's data."
        ) { trial in
            let echo = try trial.sample(.echoes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let input: JSONValue = ["run": .integer(Int64(number))]
                        let run = try await trial.run([echo.node("a"), echo.node("b")], input: input)
                        try run.expectCompleted()
                        try run.expect(Trial.same(try run.output("b"), input), "the run's own input as its output")
                    }
                }
                try await group.waitForAll()
            }
        },
        ConformanceCase(
            .l2, "isolation", "same-node-id", "nodes of the same id in different runs are different nodes",
            why: "Ids are unique in a run, not in the world."
        ) { trial in
            let echo = try trial.sample(.echoes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let input: JSONValue = ["number": .integer(Int64(number))]
                        let answer = try await trial.execute(echo.on(input), node: "same")
                        try answer.expect(
                            Trial.same(try answer.output(), input), "its own input as its output: \(input)")
                    }
                }
                try await group.waitForAll()
            }
        },
        ConformanceCase(
            .l2, "isolation", "failures", "nodes that fail do not disturb those that run beside them",
            why: "Shared state that one of them breaks would fail its neighbours."
        ) { trial in
            let good = try trial.sample(.succeeds)
            let bad = try trial.sample(.fails)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let answer = try await trial.execute(number.isMultiple(of: 2) ? good : bad)
                        if number.isMultiple(of: 2) { _ = try answer.output() } else { _ = try answer.failure() }
                    }
                }
                try await group.waitForAll()
            }
        },
    ]
}
