import FlowBackends
import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// A way that is slow.
    static let slowCases: [ConformanceCase] = [
        ConformanceCase(
            .l3, "slow", "pieces", "an answer that trickles in piece by piece is the answer",
            why: "Networks cut answers wherever they like."
        ) { trial in
            try await trial.survives("an answer that comes in small pieces", attempts: 1) { call in
                guard let exchange = await call.forward() else { return .nothing }
                var bytes = LoopbackServer.Reply.head(exchange.status, exchange.fields, length: exchange.body.count)[
                    ...]
                bytes += exchange.body
                let size = max(1, bytes.count / 24)
                var parts: [[UInt8]] = []
                while !bytes.isEmpty {
                    parts.append(Array(bytes.prefix(size)))
                    bytes = bytes.dropFirst(size)
                }
                return LoopbackServer.Reply(parts: parts, pause: .milliseconds(4))
            }
        },
        ConformanceCase(
            .l3, "slow", "late-answer", "an answer that is late, and within the node's timeout, is the answer",
            why: "Slow is not wrong."
        ) { trial in
            try await trial.survives("an answer that is late", attempts: 1) { call in
                let reply = await call.pass()
                try? await ContinuousClock().sleep(for: .milliseconds(250))
                return reply
            }
        },
        ConformanceCase(
            .l3, "slow", "never", "an answer that does not come fails the node with timeout, and the backend lives on",
            why: "A run must not hang on a dead connection."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            let fault: FaultProxy.Fault = { call in
                _ = await call.forward()
                // Until the engine gives up and leaves.
                await Tally().reach(1)
                return .nothing
            }
            try await trial.faulty(fault) { name, _ in
                let run = try await trial.run(
                    [sample.node("a", ["timeout": "250ms"])], input: sample.input, on: name)
                try run.expect(
                    try run.node("a").attempt?.error?.code == .timeout, "the node fails with the code \"timeout\"")
            }
            try await trial.expectAlive("an answer that never came")
        },
    ]

    /// A way on which requests and answers are lost, doubled and swapped.
    static let lossCases: [ConformanceCase] = [
        ConformanceCase(
            .l3, "loss", "request", "a request that is lost is made again, and the run completes",
            why: "Connections break before anything has arrived."
        ) { trial in
            try await trial.survives("a request that was lost", attempts: 2) { call in
                call.number == 1 ? .nothing : await call.pass()
            }
        },
        ConformanceCase(
            .l3, "loss", "answer", "an answer that is lost has the attempt made again, and the run completes",
            why: "Connections break after the work was done as well."
        ) { trial in
            try await trial.survives("an answer that was lost", attempts: 2) { call in
                let reply = await call.pass()
                return call.number == 1 ? .nothing : reply
            }
        },
        ConformanceCase(
            .l3, "loss", "everything",
            "when every request is lost the run fails with unavailable, and the backend lives on",
            why: "A run must end, and tell that it is not to blame."
        ) { trial in
            let sample = try trial.sample(.succeeds)
            try await trial.faulty({ _ in .nothing }) { name, _ in
                let run = try await trial.run(
                    [sample.node("a", ["total_timeout": "4s"])], input: sample.input, on: name)
                try run.expect(
                    try run.node("a").attempt?.error?.code == .unavailable,
                    "the node fails with the code \"unavailable\"")
            }
            try await trial.expectAlive("a run whose requests were all lost")
        },
        ConformanceCase(
            .l3, "duplicate", "request", "a request that arrives twice has the result of one",
            why: "Proxies send requests again whose answers they miss."
        ) { trial in
            try await trial.survives("a request that arrived twice", attempts: 1) { call in
                async let first = call.forward()
                async let second = call.forward()
                _ = await first
                return FaultProxy.reply(await second)
            }
        },
        ConformanceCase(
            .l3, "duplicate", "executed-once", "a request that arrives twice is executed once",
            why: "The payment must not be made twice."
        ) { trial in
            let line = trial.bench.probe.line()
            let called = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            let fault: FaultProxy.Fault = { call in
                _ = await call.forward()
                return await call.pass()
            }
            try await trial.faulty(fault) { name, _ in
                let run = try await trial.run([called.node("a")], input: called.input, on: name)
                try run.expectCompleted()
                try run.expect(line.calls.count == 1, "one call of the node; there were \(line.calls.count)")
            }
        },
        ConformanceCase(
            .l3, "duplicate", "answer", "an answer that comes twice counts once, and does not spoil the next node's",
            why: "What is left in a connection must not be read as another answer."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let fault: FaultProxy.Fault = { call in
                let reply = await call.pass()
                // At once: what comes later could be the answer to the next request for all that HTTP tells.
                return LoopbackServer.Reply(parts: [Array((reply.parts + reply.parts).joined())], closes: true)
            }
            try await trial.faulty(fault) { name, _ in
                let nodes = (1...4).map { echo.node("n\($0)", ["input": ["n": .integer($0)]]) }
                let run = try await trial.run(nodes, on: name)
                try run.expectCompleted()
                for number in 1...4 {
                    try run.expect(
                        Trial.same(try run.output("n\(number)"), ["n": .integer(Int64(number))]),
                        "each node's own output")
                }
            }
            try await trial.expectAlive("answers that came twice")
        },
        ConformanceCase(
            .l3, "reorder", "answers", "answers that come in another order than their requests go to the right nodes",
            why: "Nodes that run side by side end in any order."
        ) { trial in
            let echo = try trial.sample(.echoes)
            let others = Tally()
            let fault: FaultProxy.Fault = { call in
                let reply = await call.pass()
                // The first to come is the last to be answered.
                if call.number == 1 {
                    _ = await Deadline.run(within: trial.scaled(.seconds(3))) { await others.reach(3) }
                }
                others.increment()
                return reply
            }
            try await trial.faulty(fault) { name, _ in
                let nodes = (1...4).map { echo.node("n\($0)", ["depends_on": [], "input": ["n": .integer($0)]]) }
                let run = try await trial.run(nodes, on: name)
                try run.expectCompleted()
                for number in 1...4 {
                    try run.expect(
                        Trial.same(try run.output("n\(number)"), ["n": .integer(Int64(number))]),
                        "each node's own output")
                }
            }
        },
    ]
}
