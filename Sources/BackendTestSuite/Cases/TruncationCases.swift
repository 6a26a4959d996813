import FlowBackends
import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// A way that cuts off what goes through.
    static let truncationCases: [ConformanceCase] = [
        ConformanceCase(
            .l3, "truncate", "answer", "an answer that breaks off has the attempt made again, and the run completes",
            why: "Half a result is none."
        ) { trial in
            try await trial.survives("an answer that broke off", attempts: 2) { call in
                guard call.number == 1, let exchange = await call.forward() else { return await call.pass() }
                let head = LoopbackServer.Reply.head(exchange.status, exchange.fields, length: exchange.body.count)
                return LoopbackServer.Reply(
                    parts: [head, Array(exchange.body.prefix(exchange.body.count / 2))], closes: true)
            }
        },
        ConformanceCase(
            .l3, "truncate", "head", "an answer that breaks off in its header has the attempt made again",
            why: "Half a header is no answer."
        ) { trial in
            try await trial.survives("a header that broke off", attempts: 2) { call in
                guard call.number == 1 else { return await call.pass() }
                return LoopbackServer.Reply(parts: [Array("HTTP/1.1 200 OK\r\nContent-Le".utf8)], closes: true)
            }
        },
        ConformanceCase(
            .l3, "truncate", "request", "a request that breaks off is not executed, wherever that is",
            why: "Half a request may read as another one."
        ) { trial in
            let line = trial.bench.probe.line()
            let sample = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            try await trial.breakOff(sample)
            guard await Deadline.run(within: .milliseconds(500), { await line.calls.reach(1) }) != true else {
                throw ConformanceFailure(
                    sent: "requests to execute a node, each cut off before its announced end",
                    received: "\(line.calls.count) calls of such nodes", expected: "none of them is executed")
            }
        },
        ConformanceCase(
            .l3, "truncate", "lives-on", "after requests that broke off the next node is executed",
            why: "Connections that hang must not use the backend up."
        ) { trial in
            try await trial.breakOff(try trial.sample(.succeeds))
            try await trial.expectAlive("requests that broke off")
        },
        ConformanceCase(
            .l3, "truncate", "stream", "a stream that breaks off before its result is tried again by the node's policy",
            why: "The parts that came must not be taken for the whole."
        ) { trial in
            try trial.needs(BackendCapabilities.streaming)
            let sample = try trial.sample(.streams)
            let fault: FaultProxy.Fault = { call in
                guard call.number == 1, let exchange = await call.forward() else { return await call.pass() }
                let text = String(decoding: exchange.body, as: UTF8.self)
                let end = text.firstRange(of: "event: result")?.lowerBound ?? text.startIndex
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                return LoopbackServer.Reply(parts: [Array((head + text[..<end]).utf8)], closes: true)
            }
            try await trial.faulty(fault) { name, _ in
                let policy: JSONValue = ["max_attempts": 2, "initial_delay": 0]
                let run = try await trial.run([sample.node("a", ["retry": policy])], input: sample.input, on: name)
                try run.expectCompleted()
                try run.expect(try run.node("a").attempt?.number == 2, "the second attempt gives the result")
                try run.expect(
                    try run.node("a").earlierAttempts.first?.error?.code == .incompleteStream,
                    "the first one failed with \"incomplete_stream\"")
            }
        },
    ]

    private static func statusCase(_ status: Int) -> ConformanceCase {
        ConformanceCase(
            .l3, "status", "\(status)",
            "after an answer with status \(status) the attempt is made again, unless the backend promised to do that itself",
            why: "Proxies answer so while a backend is started anew or has too much to do."
        ) { trial in
            let fault: FaultProxy.Fault = { call in
                guard call.number == 1 else { return await call.pass() }
                return .answer(status, [("Content-Type", "text/html")], Array("<p>not now</p>".utf8))
            }
            let what = "an answer with status \(status)"
            guard trial.bench.contract.retryOwner == .backend else {
                return try await trial.survives(what, attempts: 2, fault)
            }
            try await trial.fails(what, with: [429, 503].contains(status) ? .unavailable : .remoteStatus, fault)
        }
    }

    /// A way on which others answer.
    static let refusalCases: [ConformanceCase] =
        [500, 502, 503, 429].map(statusCase) + [
            ConformanceCase(
                .l3, "status", "404",
                "an answer with status 404 fails the node with remote_error, without another attempt",
                why: "What is refused will be refused again."
            ) { trial in
                try await trial.fails("an answer with status 404", with: .remoteError) { _ in .answer(404) }
            },
            ConformanceCase(
                .l3, "status", "redirect", "a redirect fails the node with redirect_refused, without another attempt",
                why: "A registration names the place itself; credentials must not follow a redirect."
            ) { trial in
                try await trial.fails("a redirect", with: .redirectRefused) { _ in
                    .answer(302, [("Location", "/elsewhere")])
                }
            },
            ConformanceCase(
                .l3, "garbage", "html", "a page of HTML fails the node with html_response",
                why: "Login pages of proxies come with status 200."
            ) { trial in
                try await trial.fails("a page of HTML", with: .htmlResponse) { _ in
                    .answer(200, [("Content-Type", "text/html")], Array("<html>Log in</html>".utf8))
                }
            },
            ConformanceCase(
                .l3, "garbage", "other-json", "JSON that is no result fails the node with invalid_response",
                why: "Another service may listen at the URL by now."
            ) { trial in
                try await trial.fails("JSON that is no result", with: .invalidResponse) { _ in
                    .answer(200, [("Content-Type", "application/json")], Array("{\"status\": \"up\"}".utf8))
                }
            },
            ConformanceCase(
                .l3, "garbage", "broken-json", "JSON that is cut off fails the node with invalid_json",
                why: "It came whole as far as HTTP is concerned."
            ) { trial in
                try await trial.fails("JSON that is cut off", with: .invalidJSON) { _ in
                    .answer(200, [("Content-Type", "application/json")], Array("{\"success\": tr".utf8))
                }
            },
        ]

    /// A way, and work, that end in the middle.
    static let crashCases: [ConformanceCase] = [
        ConformanceCase(
            .l3, "crash", "mid-node",
            "when the connection ends while the node runs it is executed again, and the run completes",
            why: "Machines between engine and backend are restarted at any time."
        ) { trial in
            let line = trial.bench.probe.line { line, number in
                if number == 1 { await line.release.reach(1) }
                return 200
            }
            let called = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
            let fault: FaultProxy.Fault = { call in
                guard call.number == 1 else { return await call.pass() }
                return await withTaskGroup(of: Void.self) { group in
                    group.addTask { _ = await call.forward() }
                    _ = await Deadline.run(within: trial.scaled(.seconds(3))) { await line.calls.reach(1) }
                    // Closes the connection to the backend, whose node is in the middle of its work.
                    group.cancelAll()
                    return .nothing
                }
            }
            try await trial.faulty(fault) { name, _ in
                let run = try await trial.run([called.node("a")], input: called.input, on: name)
                line.release.increment()
                try run.expectCompleted()
                try run.expect(try run.node("a").attempt?.number == 2, "the second attempt completes")
                try run.expect(line.calls.count == 2, "each attempt makes its call; there were \(line.calls.count)")
            }
            try await trial.expectAlive("a connection that ended while a node ran")
        },
        ConformanceCase(
            .l3, "crash", "many", "after many connections that ended while their nodes ran the next node is executed",
            why: "Work that nobody waits for must not pile up until nothing else has room."
        ) { trial in
            let sample = try trial.sample(.waits)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { _ = try? await trial.execute(sample, within: .milliseconds(150)) }
                }
            }
            try await trial.expectAlive("twenty connections that ended while their nodes ran")
        },
        ConformanceCase(
            .l3, "crash", "half-open", "connections that end in a request's header leave the backend alive",
            why: "Port scanners and load balancers open connections and say nothing."
        ) { trial in
            for text in [
                "", "G", "POST /nodes/exec", "POST / HTTP/1.1\r\nHost: x\r\nContent-Le", "\u{0}\u{1}\u{2}\r\n\r\n",
            ] {
                try await trial.wire.sendRaw { _, _ in Array(text.utf8) }
            }
            try await trial.expectAlive("connections that ended in a header")
        },
    ]
}

extension Trial {
    /// Sends requests to execute a node that break off: in the middle of their bodies, and behind all that says something,
    /// so that what came would read as a whole.
    fileprivate func breakOff(_ sample: Sample) async throws {
        for number in 0..<6 {
            let run = newID()
            let body = JSONWriter.bytes(of: body(sample, run: run))
            let count = number.isMultiple(of: 2) ? body.count / 2 : body.count
            try await wire.sendRaw { authority, path in
                wire.part(
                    of: body + Array(repeating: UInt8(ascii: " "), count: 16), upTo: count,
                    [("Idempotency-Key", "\(run)/a/1")], authority: authority, path: path)
            }
        }
    }
}
