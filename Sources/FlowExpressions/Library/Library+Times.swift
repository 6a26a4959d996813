extension Library {
    /// Timestamps, durations and their parts.
    mutating func addTimes() {
        global("timestamp") { value, frame throws(EvaluationError) in
            switch value {
            case .timestamp: return value
            case .string(let text):
                try frame.read(text.utf8.count)
                return .timestamp(try CELTimestamp(text))
            case .int(let seconds): return .timestamp(try CELTimestamp(seconds: seconds))
            default: throw .noSuchOverload("timestamp", value)
            }
        }
        global("duration") { value, frame throws(EvaluationError) in
            switch value {
            case .duration: return value
            case .string(let text):
                try frame.read(text.utf8.count)
                return .duration(try CELDuration(text))
            default: throw .noSuchOverload("duration", value)
            }
        }
        part("getFullYear", ofTime: { time, _ in time.year })
        part("getMonth", ofTime: { time, _ in time.month - 1 })
        part("getDayOfYear", ofTime: { time, _ in time.dayOfYear })
        part("getDayOfMonth", ofTime: { time, _ in time.day - 1 })
        part("getDate", ofTime: { time, _ in time.day })
        part("getDayOfWeek", ofTime: { time, _ in time.dayOfWeek })
        part("getHours", ofTime: { time, _ in time.hour }, ofSpan: { $0 / 3_600_000_000_000 })
        part("getMinutes", ofTime: { time, _ in time.minute }, ofSpan: { $0 / 60_000_000_000 })
        part("getSeconds", ofTime: { time, _ in time.second }, ofSpan: { $0 / 1_000_000_000 })
        // Of a span these are the milliseconds of its last second, not the span in milliseconds.
        part("getMilliseconds", ofTime: { _, nano in Int64(nano / 1_000_000) }, ofSpan: { $0 / 1_000_000 % 1000 })
    }

    private mutating func part(
        _ name: String, ofTime: @escaping @Sendable (CivilTime, Int32) -> Int64,
        ofSpan: (@Sendable (Int64) -> Int64)? = nil
    ) {
        method(name) { value, _ throws(EvaluationError) in
            switch value {
            case .timestamp(let time): return .int(ofTime(CivilTime(seconds: time.seconds), time.nanoseconds))
            case .duration(let span):
                guard let ofSpan else { throw .noSuchOverload(name, value) }
                return .int(ofSpan(span.nanoseconds))
            default: throw .noSuchOverload(name, value)
            }
        }
        method(name) { value, zone, frame throws(EvaluationError) in
            guard case .timestamp(let time) = value, case .string(let zone) = zone else {
                throw .noSuchOverload(name, value, zone)
            }
            try frame.read(zone.utf8.count)
            let offset = try ZoneOffset.seconds(zone, at: time.seconds)
            return .int(ofTime(CivilTime(seconds: time.seconds + offset), time.nanoseconds))
        }
    }
}
