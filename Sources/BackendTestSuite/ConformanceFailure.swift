/// What a backend did wrong: what it was sent, what came of that, and what should have come.
public struct ConformanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the backend was asked.
    public var sent: String
    /// What came.
    public var received: String
    /// What should have come.
    public var expected: String

    /// Makes a failure.
    public init(sent: String, received: String, expected: String) {
        self.sent = sent
        self.received = received
        self.expected = expected
    }

    /// What is wrong first, then how it came to that.
    public var description: String { "expected: \(expected)\nreceived: \(received)\nsent: \(sent)" }

    /// A text no longer than people read.
    static func excerpt(_ text: String, _ length: Int = 600) -> String {
        guard text.utf8.count > length else { return text }
        return "\(text.prefix(length))… (\(text.utf8.count) bytes)"
    }
}

/// Why a case cannot be tried.
struct ConformanceSkip: Error {
    let reason: String
}
