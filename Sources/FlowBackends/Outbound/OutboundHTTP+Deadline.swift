import FlowCore

extension OutboundHTTP {
    /// How long a call may take when nothing else bounds it.
    static let longestCall: Duration = .seconds(3600)

    /// Makes a call that ends in its time.
    ///
    /// - Throws: ``NodeFailure`` when there is no answer; `CancellationError`.
    nonisolated func send(_ call: Call, on clock: any WallClock) async throws -> Answer {
        try await send(call, on: clock) { head, body in Answer(head: head, body: try await body.all()) }
    }

    /// Makes a call that ends in its time, also when the answer's body never does: the client's own deadline is lifted
    /// once the answer has begun. The connection is closed when `read` leaves before the body's end.
    ///
    /// - Throws: ``NodeFailure`` when there is no answer; `CancellationError`; what `read` throws.
    nonisolated func send<Result: Sendable>(
        _ call: Call, on clock: any WallClock, reading read: @escaping AnswerReader<Result>
    ) async throws -> Result {
        let end = clock.now.advanced(by: call.timeout)
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await self.send(call, reading: read) }
            group.addTask {
                try await clock.sleep(until: end, tolerance: nil)
                throw NodeFailure(
                    .timeout, "the service did not answer in \(DurationText.text(call.timeout))", retriable: true)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
