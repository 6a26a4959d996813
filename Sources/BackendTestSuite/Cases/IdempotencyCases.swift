import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// Attempts that are delivered again.
    static let idempotencyCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "idempotency", "same-result", "an attempt that is delivered again under its key gives the same result",
            why: "The first answer may have been lost on its way."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let run = trial.newID()
            let first = try await trial.execute(sample, run: run).output()
            let answer = try await trial.execute(sample, run: run)
            try answer.expect(Trial.same(try answer.output(), first), "the first result: \(first)")
        },
        ConformanceCase(
            .l2, "idempotency", "once", "an attempt that is delivered again under its key is not executed again",
            why: "The answer may have been lost, but the payment was made."
        ) { trial in
            let line = trial.bench.probe.line()
            let called = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            let run = trial.newID()
            let first = try await trial.execute(called, run: run).output()
            let answer = try await trial.execute(called, run: run)
            let second = try answer.output()
            try answer.expect(line.calls.count == 1, "one call of the node; there were \(line.calls.count)")
            try answer.expect(Trial.same(first, second), "the first result: \(first)")
        },
        ConformanceCase(
            .l2, "idempotency", "at-once", "two deliveries of one attempt at the same time execute it once",
            why: "A client that thinks its connection dead sends again while the first attempt still runs."
        ) { trial in
            let line = trial.bench.probe.line { line, _ in
                await line.release.reach(1)
                return 200
            }
            let called = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            let run = trial.newID()
            async let first = trial.execute(called, run: run)
            async let second = trial.execute(called, run: run)
            // A second call would come while the first is held, and has half a second for it.
            let twice = await Deadline.run(within: .milliseconds(500)) { await line.calls.reach(2) } == true
            line.release.increment()
            let answers = try await [first, second]
            try answers[1].expect(
                !twice && line.calls.count == 1, "one call of the node; there were \(line.calls.count)")
            for answer in answers { _ = try answer.output() }
        },
        ConformanceCase(
            .l2, "idempotency", "next-attempt", "the next attempt at a node is executed anew",
            why: "It was asked for because the last one failed."
        ) { trial in
            let line = trial.bench.probe.line()
            let called = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            let run = trial.newID()
            _ = try await trial.execute(called, run: run, attempt: 1).output()
            let answer = try await trial.execute(called, run: run, attempt: 2)
            _ = try answer.output()
            try answer.expect(line.calls.count == 2, "a call for each attempt; there were \(line.calls.count)")
        },
        ConformanceCase(
            .l2, "idempotency", "other-run", "the same node of another run is executed anew",
            why: "A key without its run would give one customer the result of another."
        ) { trial in
            let echo = try trial.sample(.echoes)
            _ = try await trial.execute(echo.on(["customer": "first"])).output()
            let answer = try await trial.execute(echo.on(["customer": "second"]))
            try answer.expect(
                Trial.same(try answer.output(), ["customer": "second"]), "the output {\"customer\": \"second\"}")
        },
    ]
}
