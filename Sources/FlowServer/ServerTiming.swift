/// How long the parts of an answer took, as the field `Server-Timing` tells it (W3C Server Timing).
struct ServerTiming {
    private var last = ContinuousClock.now
    private(set) var field = ""

    /// Ends a part that began with the last mark.
    mutating func mark(_ name: String) {
        let now = ContinuousClock.now
        let (seconds, attoseconds) = last.duration(to: now).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        last = now
        if !field.isEmpty { field += ", " }
        let fraction = String(microseconds % 1000)
        field += "\(name);dur=\(microseconds / 1000)."
        for _ in fraction.utf8.count..<3 { field += "0" }
        field += fraction
    }
}
