import FlowCore
import FlowEngine
import FlowHTTP

/// The header fields of the protocol between servers and their backends.
enum WireFields {
    static let timeoutName = "Flow-Timeout"

    /// How often the work was handed on before it came here.
    ///
    /// - Throws: ``Problem`` when that is no number, or too often.
    static func hops(_ request: HTTPRequest) throws(Problem) -> Int {
        guard let hops = try number(request, WireHops.header, in: 0...1_000_000) else { return 0 }
        guard hops <= WireHops.limit else {
            throw Problem(
                508, "loop",
                "The request was handed on \(hops) times; more than \(WireHops.limit) means that servers are each other's "
                    + "backends in a circle.")
        }
        return hops
    }

    /// How long whoever asks waits for the result.
    static func timeout(_ request: HTTPRequest) throws(Problem) -> Duration? {
        try number(request, timeoutName, in: 1...3_155_760_000_000).map { .milliseconds($0) }
    }

    /// The key of an attempt, and a hash of what it is to do. In a circle of servers an attempt comes back under its own key:
    /// it must not wait for itself, so what was handed on more often is another one.
    static func key(_ request: HTTPRequest, hops: Int) throws(Problem) -> SubmitRequest.Idempotency? {
        guard var key = try WorkflowRoutes.idempotency(request, maximum: 1024) else { return nil }
        key.key = "\(hops) \(key.key)"
        return key
    }

    private static func number(
        _ request: HTTPRequest, _ name: String, in range: ClosedRange<Int>
    ) throws(Problem) -> Int? {
        let values = request.fields.values(name.lowercased())
        guard let text = values.first else { return nil }
        guard values.count == 1, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(text), range.contains(number)
        else {
            throw Problem(
                400, "header-field", "The field \(name) is not acceptable.",
                issues: [
                    Problem.Issue(
                        parameter: name, "expected one number from \(range.lowerBound) to \(range.upperBound)")
                ])
        }
        return number
    }
}
