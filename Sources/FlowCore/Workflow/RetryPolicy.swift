public import FlowJSON

/// When and how often a failed attempt at a node is made again.
public struct RetryPolicy: Hashable, Sendable {
    /// How the delay grows from one attempt to the next.
    public enum Backoff: String, Hashable, Sendable, CaseIterable {
        /// It stays the same.
        case fixed
        /// It is multiplied each time.
        case exponential
    }

    /// How many attempts are made in all, the first included.
    public var maxAttempts: Int
    /// The delay before the second attempt.
    public var initialDelay: Duration
    /// How the delay grows.
    public var backoff: Backoff
    /// By what the delay is multiplied each time.
    public var multiplier: Double
    /// The longest delay, jitter included.
    public var maxDelay: Duration
    /// By what share of itself a delay may be longer or shorter, from 0 to 1.
    public var jitter: Double
    /// The codes of errors that are tried again; `nil` leaves it to the error, which says whether it is retriable.
    public var retryOn: [NodeFailure.Code]?

    /// Makes a policy.
    public init(
        maxAttempts: Int = 3, initialDelay: Duration = .seconds(1), backoff: Backoff = .exponential,
        multiplier: Double = 2, maxDelay: Duration = .seconds(60), jitter: Double = 0.2,
        retryOn: [NodeFailure.Code]? = nil
    ) {
        self.maxAttempts = maxAttempts
        self.initialDelay = initialDelay
        self.backoff = backoff
        self.multiplier = multiplier
        self.maxDelay = maxDelay
        self.jitter = jitter
        self.retryOn = retryOn
    }

    /// What a backend that cannot be reached, or takes no more, is given besides a node's own policy.
    public static let transport = RetryPolicy(
        maxAttempts: 4, initialDelay: .milliseconds(200), multiplier: 4, maxDelay: .seconds(5))

    /// Whether a failure is one that another attempt may mend.
    public func covers(_ failure: NodeFailure) -> Bool {
        guard failure.code != .cancelled else { return false }
        return retryOn?.contains(failure.code) ?? failure.retriable
    }

    /// How long to wait after so many failed attempts.
    ///
    /// - Parameter random: A number from 0 up to 1, which places the delay within its jitter.
    public func delay(afterAttempts count: Int, random: Double) -> Duration {
        var factor = 1.0
        if backoff == .exponential {
            // Repeated products of doubles stop at infinity, which the cap below turns into the longest delay.
            for _ in 1..<max(1, min(count, 1100)) { factor *= multiplier }
        }
        let spread = 1 + jitter * (2 * random - 1)
        let wish = Self.seconds(initialDelay) * factor
        let capped = min(min(wish, Self.seconds(maxDelay)) * spread, Self.seconds(maxDelay))
        return .milliseconds(Int64(max(0, capped) * 1000))
    }

    private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

    /// The policy as an author would write it.
    public var json: JSONObject {
        var object: JSONObject = [
            "max_attempts": .integer(Int64(maxAttempts)), "initial_delay": .string(DurationText.text(initialDelay)),
            "backoff": .string(backoff.rawValue), "multiplier": .double(multiplier),
            "max_delay": .string(DurationText.text(maxDelay)), "jitter": .double(jitter),
        ]
        if let retryOn { object["retry_on"] = .array(retryOn.map { .string($0.rawValue) }) }
        return object
    }

    /// Reads a policy of JSON.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(decoding object: JSONObject, at location: JSONPointer) throws(ValidationError) {
        var fields = FieldReader(object, at: location)
        self.init()
        func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
            fields.value(name, expected: "a number from \(range.lowerBound) to \(range.upperBound)") {
                $0.double.flatMap { range.contains($0) ? $0 : nil }
            }
        }
        if let value = fields.integer("max_attempts", in: 1...1000) { maxAttempts = value }
        if let value = fields.duration("initial_delay", allowZero: true) { initialDelay = value }
        if let value = fields.value(
            "backoff", expected: "\"fixed\" or \"exponential\"", { $0.string.flatMap(Backoff.init(rawValue:)) })
        {
            backoff = value
        }
        if let value = number("multiplier", 1...100) { multiplier = value }
        if let value = fields.duration("max_delay", allowZero: true) { maxDelay = value }
        if let value = number("jitter", 0...1) { jitter = value }
        if let codes = fields.texts("retry_on") { retryOn = codes.map { NodeFailure.Code($0) } }
        let issues = fields.finish()
        guard issues.isEmpty else { throw ValidationError(issues) }
    }
}
