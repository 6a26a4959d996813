import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// The shape of results.
    static let executionCases: [ConformanceCase] = [
        ConformanceCase(
            .l0, "execute", "result-shape",
            "a node that succeeds is answered with {success: true, output, error: null}",
            why: "The engine reads success as the one thing that says how an attempt ended."
        ) { trial in
            let answer = try await trial.execute(try trial.sample(.succeeds))
            let object = try answer.object("the result of a node")
            try answer.expect(object["success"] == true, "\"success\": true")
            try answer.expect(object["output"] != nil, "the field \"output\"")
            try answer.expect(object["error"]?.isNull ?? true, "\"error\": null beside success")
            _ = try answer.result()
        },
        ConformanceCase(
            .l0, "execute", "failed-is-200", "a node that fails is answered with status 200 and success: false",
            why: "Statuses speak of the backend: with 500 the engine would believe that it is away and try again."
        ) { trial in
            let answer = try await trial.execute(try trial.sample(.fails))
            let object = try answer.object("the result of a node")
            try answer.expect(object["success"] == false, "\"success\": false")
            let error = object["error"]
            try answer.expect(
                error?.string?.isEmpty == false || error?["message"]?.string?.isEmpty == false,
                "\"error\" as a text, or as an object with a \"message\"")
        },
        ConformanceCase(
            .l0, "execute", "content-type",
            "a request of application/json; charset=utf-8 is taken, and answered with JSON",
            why: "Clients add the parameter as they like."
        ) { trial in
            let answer = try await trial.execute(
                try trial.sample(.succeeds), [("Content-Type", "application/json; charset=utf-8")])
            _ = try answer.output()
        },
        ConformanceCase(
            .l0, "execute", "unknown-type", "a node of an unknown type is refused, or fails; it never succeeds",
            why: "Work that nobody did must not count as done."
        ) { trial in
            let answer = try await trial.execute(Sample(type: "conformance-no-such-type"))
            try answer.expect(
                (400..<500).contains(answer.status) || answer.status == 200 && answer.json?["success"] == false,
                "a status from 400 to 499, or a result with \"success\": false")
        },
        ConformanceCase(
            .l0, "execute", "without-key", "a node is executed also without an Idempotency-Key and a Flow-Timeout",
            why: "Both are the caller's choice; somebody who tries the backend with curl has neither."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            _ = try await trial.wire.post("/nodes/execute", trial.body(sample)).output()
        },
        ConformanceCase(
            .l0, "execute", "trace-fields", "the fields Flow-Timeout, Flow-Hops and traceparent do not disturb",
            why: "Every request of an engine has them."
        ) { trial in
            let answer = try await trial.execute(
                try trial.sample(.succeeds),
                [
                    ("Flow-Timeout", "30000"), ("Flow-Hops", "1"),
                    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                ])
            _ = try answer.output()
        },
        ConformanceCase(
            .l0, "execute", "odd-inputs", "an input of any kind gives a result, whatever it says",
            why:
                "Inputs come from other nodes and may be null, a number or a list; a node may fail on it, a backend not."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            for input: JSONValue in [.null, false, 7, "text", [1, 2], [:]] {
                _ = try await trial.execute(sample.on(input)).result()
            }
        },
    ]
}
