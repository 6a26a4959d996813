import FlowCore
import FlowJSON

extension BackendTestSuite {
    private static let unknownType = "conformance-no-such-type"

    private static func check(_ sample: Sample) -> JSONValue { ["node": sample.node("a")] }

    /// Checking nodes without executing them.
    static let validationCases: [ConformanceCase] = [
        ConformanceCase(
            .l0, "validate", "takes-known", "POST /nodes/validate takes every sample's node",
            why: "A workflow is accepted only when each of its nodes is."
        ) { trial in
            let roles = Samples.Role.allCases.compactMap { trial.bench.samples[$0] }
            guard !roles.isEmpty else { throw ConformanceSkip(reason: Samples.Role.succeeds.advice) }
            for sample in roles {
                let answer = try await trial.wire.post("/nodes/validate", check(sample.calling(trial.bench.probeURL)))
                let object = try answer.object("{valid, errors}")
                try answer.expect(object["valid"] == true, "\"valid\": true for the sample's node")
                try answer.expect((object["errors"]?.array ?? []).isEmpty, "no errors beside \"valid\": true")
            }
        },
        ConformanceCase(
            .l0, "validate", "refuses-unknown",
            "a node of an unknown type is not valid, and the errors tell where and why",
            why: "An author has to learn of a misspelled type before the run, at its place."
        ) { trial in
            let answer = try await trial.wire.post("/nodes/validate", check(Sample(type: unknownType)))
            let object = try answer.object("{valid, errors}")
            try answer.expect(object["valid"] == false, "\"valid\": false, since there is no such type")
            let errors = object["errors"]?.array ?? []
            try answer.expect(!errors.isEmpty, "at least one error")
            for error in errors {
                try answer.expect(error["detail"]?.string?.isEmpty == false, "each error has a \"detail\"")
                try answer.expect(
                    error["pointer"]?.string.flatMap { JSONPointer(parsing: $0) } != nil,
                    "each error has a \"pointer\" that is a JSON Pointer within the node, such as \"/type\"")
            }
        },
        ConformanceCase(
            .l0, "validate", "executes-nothing", "validating a node does not execute it",
            why: "Editors validate with every keystroke; a payment must not be made by that."
        ) { trial in
            let sample = try trial.sample(.calls)
            let line = trial.bench.probe.line()
            let called = sample.calling(trial.bench.probeURL + line.path)
            for _ in 0..<3 { _ = try await trial.wire.post("/nodes/validate", check(called)).object("{valid, errors}") }
            // The same node, executed, does call: so what was counted before came of the checks.
            let before = line.calls.count
            let answer = try await trial.execute(called)
            _ = try answer.output()
            try answer.expect(before == 0, "no call before the node was executed; there were \(before)")
        },
        ConformanceCase(
            .l0, "validate", "repeats", "validating the same node again gives the same answer",
            why: "Answers are believed for a minute, so they must not depend on chance."
        ) { trial in
            let unknown = check(Sample(type: unknownType))
            let first = try await trial.wire.post("/nodes/validate", unknown).object("{valid, errors}")
            let answer = try await trial.wire.post("/nodes/validate", unknown)
            try answer.expect(try answer.object("{valid, errors}") == first, "as before: \(JSONValue.object(first))")
        },
    ]
}
