import FlowJSON
import Synchronization

/// What nodes call, so that the suite sees when and how often they are executed, and when they are given up.
final class Probe: Sendable {
    private let lines = Mutex<[String: CallLine]>([:])

    /// A new line, with what a call on it is answered: its status, given how many calls came before and with it.
    func line(_ answer: @escaping @Sendable (CallLine, Int) async -> Int = { _, _ in 200 }) -> CallLine {
        lines.withLock { lines in
            let line = CallLine(path: "/calls/\(lines.count + 1)", answer: answer)
            lines[line.path] = line
            return line
        }
    }

    /// Answers a call.
    func respond(to request: LoopbackServer.Request) async -> LoopbackServer.Reply {
        guard let line = lines.withLock({ $0[request.path] }) else { return .answer(404) }
        return await line.respond()
    }
}

/// One URL that a node may call.
final class CallLine: Sendable {
    let path: String
    /// The calls that came.
    let calls = Tally()
    /// The callers that left before they were answered.
    let departures = Tally()
    /// Incremented by a case to let calls go that wait for it.
    let release = Tally()
    private let answer: @Sendable (CallLine, Int) async -> Int

    init(path: String, answer: @escaping @Sendable (CallLine, Int) async -> Int) {
        self.path = path
        self.answer = answer
    }

    func respond() async -> LoopbackServer.Reply {
        let number = calls.increment()
        let status = await answer(self, number)
        guard !Task.isCancelled else {
            departures.increment()
            return .nothing
        }
        let body: JSONValue = ["call": .integer(Int64(number))]
        return .answer(status, [("Content-Type", "application/json")], JSONWriter.bytes(of: body))
    }
}
