import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// What is known of a run and its nodes.
    static let stateCases: [ConformanceCase] = [
        ConformanceCase(
            .l1, "state", "events-in-order",
            "a run is submitted, started, its node is started, completed, then the run is",
            why: "Everything that is shown of a run follows from its events."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            try run.expectCompleted()
            let kinds = run.events.compactMap { event -> String? in
                switch event.kind {
                case .workflowSubmitted: "submitted"
                case .workflowStarted: "started"
                case .nodeStarted: "node started"
                case .nodeCompleted: "node completed"
                case .workflowCompleted: "completed"
                case .nodeChunk: nil
                default: "something else"
                }
            }
            let wanted = ["submitted", "started", "node started", "node completed", "completed"]
            try run.expect(kinds == wanted, "\(wanted.joined(separator: ", ")); not \(kinds.joined(separator: ", "))")
        },
        ConformanceCase(
            .l1, "state", "completed-node", "a completed node shows its input, its output and when it ran",
            why: "The record of a node is what there is to look at afterwards."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            let node = try run.node("a")
            try run.expect(node.status == .completed, "the node is completed")
            try run.expect(node.inputData.map { Trial.same($0, sample.input) } ?? false, "its input is the run's")
            try run.expect(node.outputData != nil, "it has an output")
            try run.expect(node.attempt?.number == 1, "it took one attempt")
            try run.expect(
                node.attempt.map { $0.startedAt <= (node.completedAt ?? $0.startedAt) } ?? false,
                "it ended after it started")
        },
        ConformanceCase(
            .l1, "state", "failed-node", "a failed node shows its error and no output",
            why: "Nobody may take what was not finished for a result."
        ) { trial in
            let sample = try trial.sample(.fails)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            let node = try run.node("a")
            try run.expect(node.status == .failed && node.attempt?.status == .failed, "node and attempt are failed")
            try run.expect(node.outputData == nil, "it has no output")
        },
        ConformanceCase(
            .l1, "state", "current-node", "current_node_id and execution_path name the nodes that ran",
            why: "They tell where a run is, and how it got there."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let run = try await trial.run([echo.node("first"), echo.node("last")], input: [:])
            try run.expectCompleted()
            try run.expect(run.context.currentNodeID == "last", "current_node_id is \"last\"")
            try run.expect(run.context.executionPath == ["first", "last"], "the path is first, last")
        },
        ConformanceCase(
            .l1, "state", "running-node", "while a node runs, it and its run are shown as running",
            why: "An operator looks at a run in the middle of it."
        ) { trial in
            let sample = try trial.sample(.waits)
            let (id, sent) = try await trial.submit([sample.node("a")], input: sample.input)
            try await trial.event(id, sent, "the node starts") { if case .nodeStarted = $0 { true } else { false } }
            let run = try await trial.record(id, sent)
            await trial.cancel(id)
            try run.expect(run.context.status == .running, "the run is running")
            try run.expect(try run.node("a").status == .running, "the node is running")
            try run.expect(run.context.currentNodeID == "a", "current_node_id is the node's")
        },
        ConformanceCase(
            .l1, "state", "backend-named", "each attempt names the backend that it was executed on",
            why: "No backend is swapped in silence."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            try run.expectCompleted()
            try run.expect(
                try run.node("a").attempt?.backend.rawValue.isEmpty == false, "the attempt names a backend")
        },
        ConformanceCase(
            .l1, "state", "variables", "the variables of a run reach its nodes",
            why: "Nodes are configured by them."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let run = try await trial.run(
                [echo.node("a", ["input": ["team": "${variables.team}"]])], ["variables": ["team": "blue"]])
            try run.expectCompleted()
            try run.expect(Trial.same(try run.output("a"), ["team": "blue"]), "the output {\"team\": \"blue\"}")
        },
    ]

    /// What is declared is kept; what is not is refused.
    static let capabilityCases: [ConformanceCase] = [
        ConformanceCase(
            .l1, "capabilities", "declared", "a run that requires what the backend declares is accepted",
            why: "A declaration that is not honoured is a lie."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let names = trial.bench.capabilities.members.filter { $0.value == true }.map(\.name)
            guard !names.isEmpty else { throw ConformanceSkip(reason: "the backend declares no capability") }
            let run = try await trial.run(
                [sample.node("a")], input: sample.input, ["requires": .array(names.map { .string($0) })])
            try run.expectCompleted()
        },
        ConformanceCase(
            .l1, "capabilities", "undeclared",
            "a run that requires what the backend does not declare is refused, with its name",
            why: "Nobody may be served less than they asked for without being told."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let missing =
                BackendCapabilities.standard.filter { !trial.declares($0) } + ["conformance-no-such-capability"]
            for name in missing {
                do {
                    let run = try await trial.run(
                        [sample.node("a")], input: sample.input, ["requires": [.string(name)]])
                    try run.expect(false, "the run is refused, since \"\(name)\" is not declared")
                } catch let failure as ConformanceFailure {
                    guard failure.received.contains("\"\(name)\"") else { throw failure }
                }
            }
        },
        ConformanceCase(
            .l1, "capabilities", "agree", "the engine knows the backend by the capabilities that the wire tells",
            why: "Whoever looks at the backend sees what runs on it are routed by."
        ) { trial in
            let answer = try await trial.wire.get("/capabilities")
            let told = try answer.object("capabilities")
            let known = trial.knownCapabilities
            for name in BackendCapabilities.standard {
                try answer.expect(
                    told[name]?.bool == known?.has(name),
                    "\"\(name)\": \(known?.has(name) == true), as the engine knows it")
            }
        },
    ]
}
