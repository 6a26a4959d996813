import FlowCore
import FlowJSON

extension BackendTestSuite {
    private static func hasStarted(_ kind: RunEvent.Kind) -> Bool {
        if case .nodeStarted = kind { true } else { false }
    }

    /// Work that is tried again.
    static let retryCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "retry", "attempts",
            "a node that keeps failing is tried as often as its policy says, each attempt on record",
            why: "It takes failures that are told as such each time."
        ) { trial in
            let bad = try trial.sample(.fails)
            let code = try await trial.execute(bad).failure().code.rawValue
            let policy: JSONValue = ["max_attempts": 3, "initial_delay": 0, "retry_on": [.string(code)]]
            let run = try await trial.run([bad.node("a", ["retry": policy])], input: bad.input)
            let node = try run.node("a")
            try run.expect(run.context.status == .failed, "the run fails in the end")
            try run.expect(
                node.attempt?.number == 3 && node.earlierAttempts.map(\.number) == [1, 2], "three attempts: 1, 2 and 3")
        },
        ConformanceCase(
            .l2, "retry", "second-chance", "a node that fails twice and then succeeds completes in its third attempt",
            why: "A backend that remembers the failure of an attempt must not give it to the next one."
        ) { trial in
            let sample = try trial.sample(.calls)
            let broken = trial.bench.probe.line { _, _ in 500 }
            let code = try await trial.execute(sample.calling(trial.bench.probeURL + broken.path)).failure().code
                .rawValue
            let line = trial.bench.probe.line { _, number in number < 3 ? 500 : 200 }
            let called = sample.calling(trial.bench.probeURL + line.path)
            let policy: JSONValue = ["max_attempts": 3, "initial_delay": 0, "retry_on": [.string(code)]]
            let run = try await trial.run([called.node("a", ["retry": policy])], input: called.input)
            try run.expectCompleted()
            try run.expect(
                try run.node("a").attempt?.number == 3 && line.calls.count == 3,
                "three attempts, each with its own call")
        },
    ]

    /// Work that takes too long.
    static let timeoutCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "timeout", "node", "a node that takes longer than its timeout fails with the code timeout",
            why: "A run must not wait for ever."
        ) { trial in
            let sample = try trial.sample(.waits)
            let run = try await trial.run([sample.node("a", ["timeout": "150ms"])], input: sample.input)
            try run.expect(run.context.status == .failed, "the run fails")
            try run.expect(
                try run.node("a").attempt?.error?.code == .timeout, "the node's error has the code \"timeout\"")
        },
        ConformanceCase(
            .l2, "timeout", "run", "a run that takes longer than its timeout fails, and its node is stopped",
            why: "A run must not wait for ever."
        ) { trial in
            let work = try Stoppable(trial)
            // Long enough for it to begin, by three times its pace.
            let limit = Duration.seconds(1) + .milliseconds(120) * (trial.bench.scale - 1)
            let (id, sent) = try await trial.submit(
                [work.sample.node("a")], input: work.sample.input, ["timeout": .string(DurationText.text(limit))])
            let started = ContinuousClock.now
            let began = await work.begins(id, within: limit)
            let run = try await trial.end(of: id, sent)
            try run.expect(
                run.context.status == .failed && run.context.error?.code == .timeout,
                "the run fails with the code timeout")
            try run.expect(began, "its node begins its work within \(DurationText.text(limit))")
            try await trial.expectStopped(work, id, sent, since: started + limit)
        },
        ConformanceCase(
            .l2, "timeout", "header",
            "within Flow-Timeout and the time to cancel the backend has answered or closed the connection",
            why: "Behind it nobody waits, and work that goes on is wasted."
        ) { trial in
            let sample = try trial.sample(.waits)
            let limit = trial.timeToCancel + .milliseconds(500)
            do {
                let answer = try await trial.execute(sample, [("Flow-Timeout", "200")], within: limit)
                guard answer.status == 200 else { return }
                _ = try answer.failure()
            } catch let failure as ConformanceFailure where failure.received.contains("no answer") {
                guard failure.received.contains("in time") || failure.received.contains("did not answer in") else {
                    return
                }
                throw ConformanceFailure(
                    sent: failure.sent, received: failure.received,
                    expected: "a failed result, an error, or the end of the connection by then")
            }
        },
        ConformanceCase(
            .l2, "timeout", "lives-on", "after nodes that timed out the next one is executed",
            why: "What is given up must not take the place of what comes."
        ) { trial in
            let sample = try trial.sample(.waits)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        _ = try await trial.run([sample.node("a", ["timeout": "100ms"])], input: sample.input)
                    }
                }
                try await group.waitForAll()
            }
            try await trial.expectAlive("eight nodes that timed out")
        },
    ]

    /// Work that nobody wants any more.
    static let cancellationCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "cancel", "run", "a run that is cancelled ends as cancelled, and so does the node that ran",
            why: "Who cancels has a reason."
        ) { trial in
            let sample = try trial.sample(.waits)
            let (id, sent) = try await trial.submit([sample.node("a"), sample.node("b")], input: sample.input)
            try await trial.event(id, sent, "the node starts", hasStarted)
            await trial.cancel(id)
            let run = try await trial.end(of: id, sent)
            try run.expect(run.context.status == .cancelled, "the run is cancelled")
            try run.expect(try run.node("a").status == .cancelled, "\"a\" is cancelled")
            try run.expect(try run.node("b").attempt == nil, "\"b\" never starts")
        },
        ConformanceCase(
            .l2, "cancel", "node-ends", "a node that is cancelled ends within the promised time_to_cancel",
            why: "A node that goes on holds what it uses, and the run that waits for it."
        ) { trial in
            let work = try Stoppable(trial)
            let (id, sent) = try await trial.submit([work.sample.node("a")], input: work.sample.input)
            guard await work.begins(id, within: trial.scaled(.seconds(4))) else {
                _ = await trial.cancel(id)
                throw ConformanceFailure(
                    sent: sent,
                    received: "its node does not begin its work within \(DurationText.text(trial.scaled(.seconds(4))))",
                    expected: "it does, and ends it when it is cancelled")
            }
            let cancelled = ContinuousClock.now
            await trial.cancel(id)
            try await trial.expectStopped(work, id, sent + ", which is then cancelled", since: cancelled)
        },
        ConformanceCase(
            .l2, "cancel", "reaches-work",
            "closing the connection stops the work itself, such as the call that a node makes",
            why: "It is the only way in which an engine can tell a backend to stop."
        ) { trial in
            let line = trial.bench.probe.line { line, _ in
                await line.release.reach(1)
                return 200
            }
            let called = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            // Unstructured: it is the connection of this request that is closed.
            let request = Task { try await trial.execute(called, within: trial.scaled(.seconds(30))) }
            let began = await Deadline.run(within: trial.scaled(.seconds(6))) { await line.calls.reach(1) } == true
            request.cancel()
            let stopped = await Deadline.run(within: trial.timeToCancel) { await line.departures.reach(1) } == true
            line.release.increment()
            guard began, stopped else {
                throw ConformanceFailure(
                    sent:
                        "a node of the type \"\(called.type)\" that calls \(trial.bench.probeURL + line.path); then the "
                        + "connection that asked for it is closed",
                    received: began ? "the node's call went on" : "the node makes no call",
                    expected: "the node makes its call, and gives it up within \(DurationText.text(trial.timeToCancel))"
                )
            }
        },
        ConformanceCase(
            .l2, "cancel", "lives-on", "after nodes that were cancelled the next one is executed",
            why: "What is given up must not take the place of what comes."
        ) { trial in
            let sample = try trial.sample(.waits)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let (id, sent) = try await trial.submit([sample.node("a")], input: sample.input)
                        try await trial.event(id, sent, "the node starts", hasStarted)
                        await trial.cancel(id)
                        _ = try await trial.end(of: id, sent)
                    }
                }
                try await group.waitForAll()
            }
            try await trial.expectAlive("eight nodes that were cancelled")
        },
    ]
}
