import FlowCore
import FlowJSON

extension BackendTestSuite {
    private static func isInterrupted(_ kind: RunEvent.Kind) -> Bool {
        if case .workflowInterrupted = kind { true } else { false }
    }

    /// Work that waits for people.
    static let interruptCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "interrupt", "result", "a node that asks a person says should_interrupt and what it asks",
            why: "Without a prompt nobody knows what to answer."
        ) { trial in
            let answer = try await trial.execute(try trial.sample(.interrupts))
            let object = try answer.object("the result of a node")
            try answer.expect(object["should_interrupt"] == true, "\"should_interrupt\": true")
            try answer.expect(object["prompt"].map { !$0.isNull } ?? false, "a \"prompt\"")
        },
        ConformanceCase(
            .l2, "interrupt", "answered", "a run waits for the answer to its node, which becomes the node's output",
            why: "Runs wait for people for days."
        ) { trial in
            let sample = try trial.sample(.interrupts)
            let (id, sent) = try await trial.submit([sample.node("ask")], input: sample.input)
            try await trial.event(id, sent, "the run is interrupted", isInterrupted)
            let waiting = try await trial.record(id, sent)
            try waiting.expect(waiting.context.status == .interrupted, "the run is interrupted")
            try waiting.expect(try waiting.node("ask").interrupt != nil, "the node shows what it asks")
            try await trial.answer("ask", of: id, ["approved": true])
            let run = try await trial.end(of: id, sent)
            try run.expectCompleted()
            try run.expect(try run.output("ask") == ["approved": true], "the answer as the node's output")
        },
        ConformanceCase(
            .l2, "interrupt", "approval",
            "an approval between two nodes stops the run, and the answer goes to the next node",
            why: "The engine asks people by itself, whatever the backend is; the backend has to go on afterwards."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let approval: JSONValue = ["node_id": "ask", "type": "approval", "config": ["prompt": "Ship it?"]]
            let (id, sent) = try await trial.submit([echo.node("a"), approval, echo.node("b")], input: ["n": 1])
            try await trial.event(id, sent, "the run is interrupted", isInterrupted)
            try await trial.answer("ask", of: id, ["by": "Ada"])
            let run = try await trial.end(of: id, sent)
            try run.expectCompleted()
            try run.expect(Trial.same(try run.output("b"), ["by": "Ada"]), "\"b\" works on the answer")
        },
    ]

    /// Results that come in parts.
    static let streamingCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "streaming", "order", "the parts of a result come in their order, each once",
            why: "They are put together as they come: a text whose words are swapped is another text."
        ) { trial in
            try trial.needs(BackendCapabilities.streaming)
            let sample = try trial.sample(.streams)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            try run.expectCompleted()
            let chunks = run.chunks
            guard let expected = sample.chunks else {
                return try run.expect(!chunks.isEmpty, "at least one chunk")
            }
            try run.expect(
                Trial.same(.array(chunks), .array(expected)),
                "the chunks \(JSONValue.array(expected)), not \(JSONValue.array(chunks))")
        },
        ConformanceCase(
            .l2, "streaming", "before-result", "all parts come before the result, and the result is whole",
            why: "Who reads the result alone must not miss anything."
        ) { trial in
            try trial.needs(BackendCapabilities.streaming)
            let sample = try trial.sample(.streams)
            let run = try await trial.run([sample.node("a")], input: sample.input)
            try run.expectCompleted()
            var hasCompleted = false
            for event in run.events {
                switch event.kind {
                case .nodeChunk: try run.expect(!hasCompleted, "no chunk behind the result")
                case .nodeCompleted: hasCompleted = true
                default: break
                }
            }
            if let output = sample.output {
                try run.expect(Trial.same(try run.output("a"), output), "the sample's output: \(output)")
            }
        },
        ConformanceCase(
            .l2, "streaming", "beside-each-other", "streams at the same time do not mix",
            why: "A buffer that is shared gives one reader the words of another."
        ) { trial in
            try trial.needs(BackendCapabilities.streaming)
            let sample = try trial.sample(.streams)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let run = try await trial.run([sample.node("a")], input: sample.input)
                        try run.expectCompleted()
                        guard let expected = sample.chunks else { return }
                        try run.expect(
                            Trial.same(.array(run.chunks), .array(expected)),
                            "its own chunks: \(JSONValue.array(expected))")
                    }
                }
                try await group.waitForAll()
            }
        },
    ]
}
