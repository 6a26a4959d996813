import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// Single nodes, run by an engine.
    static let nodeCases: [ConformanceCase] = [
        ConformanceCase(
            .l1, "node", "samples", "there are samples of a node that succeeds, with its output, and of one that fails",
            why: "Without them nearly nothing is tried, and what was not tried must not count as passed."
        ) { trial in
            for role in [Samples.Role.succeeds, .fails] where trial.bench.samples[role] == nil {
                throw ConformanceFailure(
                    sent: "GET of the base URL", received: role.advice, expected: "a sample \"\(role)\"")
            }
            guard trial.bench.samples[.succeeds]?.output != nil else {
                throw ConformanceFailure(
                    sent: "GET of the base URL", received: "a sample \"succeeds\" without an output",
                    expected: "the output that it has for its input, so that a wrong one can be told")
            }
        },
        ConformanceCase(
            .l1, "node", "succeeds", "a workflow of one node completes with the node's output",
            why: "It is the least that a backend is for."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            try run.expectCompleted()
            if let expected = sample.output {
                try run.expect(
                    Trial.same(run.context.output ?? .null, expected), "the run's output is the sample's: \(expected)")
            }
        },
        ConformanceCase(
            .l1, "node", "input-reaches-it", "the node works on the input that it was given",
            why: "A backend that drops its input gives answers to other questions."
        ) { trial in
            let sample = try trial.sample(.echoes)
            let input: JSONValue = ["order": 17, "items": ["a", "b"], "note": .null]
            let run = try await trial.run([sample.node("a")], input: input)
            try run.expectCompleted()
            try run.expect(
                Trial.same(try run.output("a"), input), "the output is the input, as with every node that echoes")
        },
        ConformanceCase(
            .l1, "node", "every-kind", "values of every JSON kind come back as they were",
            why: "What is between nodes is JSON, not only objects."
        ) { trial in
            let sample = try trial.sample(.echoes)
            for input: JSONValue in [.null, true, false, 0, -5, 2.5, "", "text", [], [1, [2]], ["a": ["b": .null]]] {
                let answer = try await trial.execute(sample.on(input))
                try answer.expect(Trial.same(try answer.output(), input), "the output \(input), as the input")
            }
        },
        ConformanceCase(
            .l1, "node", "repeats", "the same node on the same input gives the same output each time",
            why: "State that is left from one execution must not show in the next."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let first = try await trial.execute(sample).output()
            for _ in 0..<3 {
                let answer = try await trial.execute(sample)
                try answer.expect(Trial.same(try answer.output(), first), "the output as before: \(first)")
            }
        },
        ConformanceCase(
            .l1, "node", "once", "a node that is asked for once is executed once",
            why: "What a node does outside, such as a payment, must not happen twice."
        ) { trial in
            let sample = try trial.sample(.calls)
            let line = trial.bench.probe.line()
            let called = sample.calling(trial.bench.probeURL + line.path)
            let run = try await trial.run([called.node("a")], input: called.input)
            try run.expectCompleted()
            try run.expect(line.calls.count == 1, "the node makes its call once; it came \(line.calls.count) times")
        },
        ConformanceCase(
            .l1, "node", "unknown-type",
            "a workflow with a node of an unknown type is refused before it runs, at its place",
            why: "Validation and execution have to agree on what the backend can do."
        ) { trial in
            let nodes = [Sample(type: "conformance-no-such-type").node("a")]
            do {
                let run = try await trial.run(nodes)
                try run.expect(false, "the workflow is refused, with a pointer to /workflow/nodes/0")
            } catch let failure as ConformanceFailure {
                guard failure.received.contains("/workflow/nodes/0") else { throw failure }
            }
        },
        ConformanceCase(
            .l1, "node", "types-declared", "every sample's type is among the declared node types",
            why: "Authors find what a backend can do in its list of types."
        ) { trial in
            let answer = try await trial.wire.get("")
            let types = try answer.object("a description")["node_types"]?.array ?? []
            for role in Samples.Role.allCases {
                guard let sample = trial.bench.samples[role] else { continue }
                try answer.expect(
                    types.contains(.string(sample.type)),
                    "\"node_types\" holds \"\(sample.type)\", the sample of \"\(role)\"")
            }
        },
        ConformanceCase(
            .l1, "node", "can-execute", "what validation takes is executed, not refused",
            why: "A run that was accepted must not fail for a reason that was known before."
        ) { trial in
            for role in [Samples.Role.succeeds, .fails, .echoes, .streams, .interrupts] {
                guard let sample = trial.bench.samples[role] else { continue }
                let valid = try await trial.wire.post("/nodes/validate", ["node": sample.node("a")])
                guard try valid.object("{valid, errors}")["valid"] == true else { continue }
                _ = try await trial.execute(sample).result()
            }
        },
    ]

    /// Nodes behind each other.
    static let sequenceCases: [ConformanceCase] = [
        ConformanceCase(
            .l1, "sequence", "data-flow", "each node of a sequence gets the output of the one before",
            why: "This is what makes a workflow of nodes."
        ) { trial in
            let first = try trial.sample(.succeeds)
            let echo = try trial.sample(.echoes)
            let run = try await trial.run(
                [first.node("a"), echo.node("b"), echo.node("c")], input: first.input)
            try run.expectCompleted()
            let output = try run.output("a")
            for id in ["b", "c"] {
                try run.expect(
                    Trial.same(try run.node(id).inputData ?? .null, output), "the input of \"\(id)\" is \(output)")
                try run.expect(Trial.same(try run.output(id), output), "the output of \"\(id)\" is \(output)")
            }
        },
        ConformanceCase(
            .l1, "sequence", "order",
            "the nodes of a sequence run in their order, none before the one before it has ended",
            why: "Each works on what the one before has made."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let ids = ["one", "two", "three", "four"]
            let run = try await trial.run(ids.map { echo.node($0) }, input: ["n": 1])
            try run.expectCompleted()
            try run.expect(
                run.context.executionPath.map(\.rawValue) == ids, "the execution path \(ids.joined(separator: ", "))")
            var open: NodeID?
            for event in run.events {
                switch event.kind {
                case .nodeStarted(let id, _, _, _):
                    try run.expect(open == nil, "\"\(id)\" starts after the one before it has ended")
                    open = id
                case .nodeCompleted(let id, _, _, _):
                    try run.expect(open == id, "\"\(id)\" completes while it is the one that runs")
                    open = nil
                default: break
                }
            }
        },
        ConformanceCase(
            .l1, "sequence", "stops-at-failure",
            "behind a node that fails nothing runs, and what ran before keeps its output",
            why: "Work on what is not there would be wrong work."
        ) { trial in
            let good = try trial.sample(.succeeds)
            let bad = try trial.sample(.fails)
            let run = try await trial.run(
                [
                    good.node("a"), bad.node("b", ["input": Trial.literal(bad.input)]),
                    good.node("c", ["input": Trial.literal(good.input)]),
                ], input: good.input)
            try run.expect(run.context.status == .failed, "the run fails")
            _ = try run.output("a")
            try run.expect(try run.node("b").status == .failed, "\"b\" is failed")
            try run.expect(try run.node("c").status == .skipped, "\"c\" is skipped")
        },
        ConformanceCase(
            .l1, "sequence", "long", "a sequence of fifty nodes carries its data to the end",
            why: "What works twice may leak or drift when it is done often.",
            // A backend that executes one node at a time would have it wait for all others, fifty times.
            isExclusive: true
        ) { trial in
            let echo = try trial.sample(.echoes)
            let input: JSONValue = ["text": "carried along"]
            let run = try await trial.run((1...50).map { echo.node("n\($0)") }, input: input)
            try run.expectCompleted()
            try run.expect(Trial.same(try run.output("n50"), input), "the last output is the run's input")
        },
    ]
}
