public import FlowJSON

/// One thing that is wrong with what a client sent, and where.
public struct ValidationIssue: Error, Hashable, Sendable, CustomStringConvertible {
    /// The place in the client's document.
    public var pointer: JSONPointer
    /// What is wrong and what would be right.
    public var detail: String

    /// Makes an issue.
    public init(_ pointer: JSONPointer, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    /// The same issue in a document that holds this one at `prefix`.
    public func under(_ prefix: JSONPointer) -> ValidationIssue { ValidationIssue(prefix.appending(pointer), detail) }

    /// The place and the detail.
    public var description: String { "\(pointer): \(detail)" }
}

/// Everything that is wrong with a document, all at once.
public struct ValidationError: Error, Hashable, Sendable {
    /// The issues in the order of the document.
    public var issues: [ValidationIssue]

    /// Makes an error of at least one issue.
    public init(_ issues: [ValidationIssue]) { self.issues = issues }
}
