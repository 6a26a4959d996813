/// Why the journal did not do what was asked.
public struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Hashable, Sendable {
        /// There is no such run.
        case notFound
        /// The run's id or its idempotency key is taken, or as much is stored as may be.
        case conflict
        /// The disk is full.
        case full
        /// The journal is closed or cannot be read or written.
        case unavailable
        /// What is stored cannot be understood.
        case corrupt
    }

    /// What went wrong.
    public var code: Code
    /// What happened, for operators.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The error as one line.
    public var description: String { "journal \(code.rawValue): \(message)" }
}
