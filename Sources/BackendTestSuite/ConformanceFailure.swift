import FlowCore

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

    /// A text no longer than people read, by its bytes: one character can have millions.
    package static func excerpt(_ text: String, _ length: Int = 600) -> String {
        let size = text.utf8.count
        // Hidden before anything is cut, since a part of a secret would not be known as one.
        let shown = ConformanceText.redaction(String(decoding: text.utf8.prefix(length + (16 << 10)), as: UTF8.self))
        guard shown.utf8.count > length else { return shown }
        var cut = String.UnicodeScalarView()
        var bytes = 0
        for scalar in shown.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > length { break }
            cut.append(scalar)
        }
        return "\(String(cut))… (\(size) bytes)"
    }
}

/// Why a case cannot be tried.
struct ConformanceSkip: Error {
    let reason: String
}
