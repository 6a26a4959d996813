import FlowCore
import FlowEngine

extension OutboundHTTP {
    /// How long a call may take when nothing else bounds it.
    static let longestCall: Duration = .seconds(3600)

    /// Makes a call that ends in its time.
    ///
    /// - Throws: ``NodeFailure`` when there is no answer; `CancellationError`.
    func send(_ call: Call, on clock: any WallClock) async throws -> Answer {
        try await send(call, on: clock) { head, body in Answer(head: head, body: try await body.all()) }
    }

    /// Makes a call that ends in its time, also when the answer's body never does: the client's own deadline is lifted
    /// once the answer has begun. The connection is closed when `read` leaves before the body's end.
    ///
    /// What `read` makes of its cancellation counts, also when the time was over.
    ///
    /// - Throws: ``NodeFailure`` when there is no answer; `CancellationError`; what `read` throws.
    func send<Result: Sendable>(
        _ call: Call, on clock: any WallClock, reading read: @escaping AnswerReader<Result>
    ) async throws -> Result {
        let deadline = CallDeadline(
            after: call.timeout, on: clock, clock is SystemClock ? deadlines : Deadlines(clock: clock))
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await self.send(call) { head, body in
                    var body = body
                    body.deadline = deadline
                    return try await read(head, body)
                }
            }
            group.addTask {
                await deadline.wait()
                return nil
            }
            defer { group.cancelAll() }
            if let result = try await group.next() ?? nil { return result }
            group.cancelAll()
            do { if let result = try await group.next() ?? nil { return result } } catch is CancellationError {}
            try Task.checkCancellation()
            throw NodeFailure(
                .timeout, "the service did not answer in \(DurationText.text(call.timeout))", retriable: true)
        }
    }
}
