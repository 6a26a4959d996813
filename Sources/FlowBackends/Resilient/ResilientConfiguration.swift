public import FlowCore
public import FlowJSON

/// What a ``ResilientBackend`` does for the backend that it wraps.
public struct ResilientConfiguration: Sendable {
    /// How often, and when, what failed for want of the backend is tried again; `nil` never.
    public var retry: RetryPolicy? = RetryPolicy(
        maxAttempts: 3, initialDelay: .milliseconds(200), multiplier: 2, maxDelay: .seconds(5))
    /// When the backend is left alone; `nil` never.
    public var circuitBreaker: CircuitBreaker.Policy? = CircuitBreaker.Policy()
    /// How many nodes the backend has at the same time; `nil` for any number.
    public var maxConcurrent: Int?
    /// How many nodes wait for a place.
    public var maxQueue = 1000

    /// Makes the defaults.
    public init() {}

    /// Reads the fields of a registration, those of the wrapped backend included.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    public init(decoding config: JSONObject) throws(ValidationError) {
        var fields = FieldReader(config, at: [])
        _ = fields.backend("backend")
        if config["retry"]?.isNull == true {
            _ = fields.value("retry")
            retry = nil
        } else if let object = fields.object("retry") {
            retry = Self.retry(object, &fields, retry ?? RetryPolicy())
        }
        if config["circuit_breaker"]?.isNull == true {
            _ = fields.value("circuit_breaker")
            circuitBreaker = nil
        } else if let object = fields.object("circuit_breaker") {
            circuitBreaker = Self.breaker(object, &fields)
        }
        maxConcurrent = fields.integer("max_concurrent", in: 1...100_000)
        if let room = fields.integer("max_queue", in: 0...100_000) {
            maxQueue = room
            if config["max_concurrent"] == nil { fields.refuse("max_queue", "nobody waits without max_concurrent") }
        }
        let issues = fields.finish()
        guard issues.isEmpty else { throw ValidationError(issues) }
    }

    private static func retry(
        _ object: JSONObject, _ outer: inout FieldReader, _ defaults: RetryPolicy
    ) -> RetryPolicy {
        var fields = FieldReader(object, at: ["retry"])
        var policy = defaults
        func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
            fields.value(name, expected: "a number from \(range.lowerBound) to \(range.upperBound)") {
                $0.double.flatMap { range.contains($0) ? $0 : nil }
            }
        }
        if let value = fields.integer("max_attempts", in: 1...100) { policy.maxAttempts = value }
        if let value = fields.duration("initial_delay", allowZero: true) { policy.initialDelay = value }
        if let value = number("multiplier", 1...100) { policy.multiplier = value }
        if let value = fields.duration("max_delay", allowZero: true) { policy.maxDelay = value }
        if let value = number("jitter", 0...1) { policy.jitter = value }
        outer.add(fields.finish())
        return policy
    }

    private static func breaker(_ object: JSONObject, _ outer: inout FieldReader) -> CircuitBreaker.Policy {
        var fields = FieldReader(object, at: ["circuit_breaker"])
        var policy = CircuitBreaker.Policy()
        if let value = fields.integer("failure_threshold", in: 1...10_000) { policy.failureThreshold = value }
        if let value = fields.duration("open_for") { policy.openFor = value }
        if let value = fields.integer("half_open_probes", in: 1...1000) { policy.halfOpenProbes = value }
        outer.add(fields.finish())
        return policy
    }

    /// The JSON Schema of a registration's `config`.
    static let schema: JSONValue = [
        "type": "object", "additionalProperties": false,
        "properties": [
            "backend": WrappedBackend.schema,
            "retry": [
                "type": ["object", "null"], "additionalProperties": false,
                "description":
                    "What failed for want of the backend is tried again within the same attempt; null for never.",
                "properties": [
                    "max_attempts": ["type": "integer", "minimum": 1, "maximum": 100, "default": 3],
                    "initial_delay": ["type": ["string", "number"], "default": "200ms"],
                    "multiplier": ["type": "number", "minimum": 1, "maximum": 100, "default": 2],
                    "max_delay": ["type": ["string", "number"], "default": "5s"],
                    "jitter": ["type": "number", "minimum": 0, "maximum": 1, "default": 0.2],
                ],
            ],
            "circuit_breaker": [
                "type": ["object", "null"], "additionalProperties": false,
                "description": "When the backend is left alone; null for never.",
                "properties": [
                    "failure_threshold": [
                        "type": "integer", "minimum": 1, "maximum": 10000, "default": 5,
                        "description": "After so many failures in a row nothing is sent to the backend.",
                    ],
                    "open_for": [
                        "type": ["string", "number"], "default": "30s",
                        "description": "How long nothing is sent before nodes probe whether it is back.",
                    ],
                    "half_open_probes": [
                        "type": "integer", "minimum": 1, "maximum": 1000, "default": 1,
                        "description": "How many nodes probe, and have to succeed.",
                    ],
                ],
            ],
            "max_concurrent": [
                "type": "integer", "minimum": 1, "maximum": 100000,
                "description": "How many nodes of all runs the backend has at the same time.",
            ],
            "max_queue": [
                "type": "integer", "minimum": 0, "maximum": 100000, "default": 1000,
                "description": "How many more wait, the first to come first; beyond it the backend is overloaded.",
            ],
        ],
    ]
}
