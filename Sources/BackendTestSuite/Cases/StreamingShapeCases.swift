import FlowCore
import FlowJSON

extension BackendTestSuite {
    private static let stream: [(name: String, value: String)] = [
        ("Accept", "text/event-stream, application/json;q=0.9")
    ]

    /// The shape of streamed results.
    static let streamingShapeCases: [ConformanceCase] = [
        ConformanceCase(
            .l0, "streaming", "events",
            "a node that is asked for as a stream gives chunks, then one result as the last event",
            why: "The engine reads up to the result; without one the attempt has failed."
        ) { trial in
            try trial.needs(BackendCapabilities.streaming)
            let answer = try await trial.execute(try trial.sample(.streams), stream)
            try answer.expect(
                answer.contentType.hasPrefix("text/event-stream"), "Content-Type: text/event-stream, as asked for")
            let events = answer.events
            try answer.expect(events.last?.type == "result", "the last event is \"result\"")
            try answer.expect(events.count { $0.type == "result" } == 1, "one event \"result\"")
            try answer.expect(
                events.allSatisfy { ["chunk", "result"].contains($0.type) && $0.data != nil },
                "events \"chunk\" and \"result\" alone, each with JSON as its data")
            try answer.expect(events.contains { $0.type == "chunk" }, "at least one event \"chunk\"")
        },
        ConformanceCase(
            .l0, "streaming", "result-alone", "a node without parts may be asked for as a stream as well",
            why: "The engine asks for every node so when the backend streams."
        ) { trial in
            try trial.needs(BackendCapabilities.streaming)
            let sample = try trial.sample(.succeeds)
            let answer = try await trial.execute(sample, stream)
            if answer.contentType.hasPrefix("text/event-stream") {
                try answer.expect(answer.events.last?.type == "result", "the last event is \"result\"")
            } else {
                _ = try answer.output()
            }
        },
        ConformanceCase(
            .l0, "streaming", "json-for-json", "who asks for JSON gets JSON, also from a backend that streams",
            why: "Not every client reads events."
        ) { trial in
            try trial.needs(BackendCapabilities.streaming)
            _ = try await trial.execute(try trial.sample(.streams)).output()
        },
        ConformanceCase(
            .l0, "streaming", "undeclared", "a backend that does not declare streaming hands out no chunks",
            why: "Who went by its capabilities does not expect them."
        ) { trial in
            guard !trial.declares(BackendCapabilities.streaming) else {
                throw ConformanceSkip(reason: "the backend declares the capability \"streaming\"")
            }
            for role in [Samples.Role.succeeds, .echoes, .streams] {
                guard let sample = trial.bench.samples[role] else { continue }
                let answer = try await trial.execute(sample, stream)
                try answer.expect(answer.status == 200, "status 200")
                if answer.contentType.hasPrefix("text/event-stream") {
                    try answer.expect(
                        answer.events.map(\.type) == ["result"],
                        "no event but \"result\", since streaming is not declared")
                } else {
                    _ = try answer.result()
                }
            }
        },
    ]
}
