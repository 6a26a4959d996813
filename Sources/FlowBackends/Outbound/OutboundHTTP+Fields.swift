import FlowCore

extension OutboundHTTP {
    /// Whether a status may be another one the next time.
    static func isTransient(_ status: Int) -> Bool {
        [408, 425, 429].contains(status) || status >= 500 && status != 501
    }
}

extension NodeRequest {
    /// Fields of a call with those that tell of this attempt, unless the node sets them itself.
    ///
    /// - Parameter hasEffects: Whether the service should know the call when it comes again.
    func addingAttempt(
        to headers: [(name: String, value: String)], hasEffects: Bool
    ) -> [(name: String, value: String)] {
        var headers = headers
        func has(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }
        if hasEffects, !has("idempotency-key") { headers.append(("Idempotency-Key", idempotencyKey)) }
        if let traceparent, !has("traceparent") { headers.append(("traceparent", traceparent)) }
        return headers
    }

    /// How much time is left for a call.
    var timeLeft: Duration { deadline.map { clock.now.duration(to: $0) } ?? OutboundHTTP.longestCall }
}
