import FlowCore

extension OutboundHTTP {
    /// Makes a call that ends in its time, also when the answer's body never does: the client's own deadline is lifted
    /// once the answer has begun.
    ///
    /// - Throws: ``NodeFailure`` when there is no answer; `CancellationError`.
    func send(_ call: Call, on clock: any WallClock) async throws -> Answer {
        let end = clock.now.advanced(by: call.timeout)
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { try await self.send(call) }
            group.addTask {
                try await clock.sleep(until: end, tolerance: nil)
                throw NodeFailure(
                    .timeout, "the service did not answer in \(DurationText.text(call.timeout))", retriable: true)
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }
}
