public import FlowJSON

/// One thing that is wrong with what a client sent, and where.
public struct ValidationIssue: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which need of a run a backend does not meet.
    public enum Code: String, Hashable, Sendable {
        /// A capability that is required is not there.
        case missingCapability = "missing_capability"
        /// The backend does not know a node's type.
        case unknownNodeType = "unknown_node_type"
        /// The backend does not take a node of that configuration.
        case invalidNode = "invalid_node"
        /// A node names a backend that is not registered.
        case unknownBackend = "unknown_backend"
        /// A definition that a node starts is not there or not acceptable.
        case invalidDefinition = "invalid_definition"
        /// The wish is beyond a limit of the backend.
        case limitExceeded = "limit_exceeded"
        /// What runs on the backend survive is less than what is asked for.
        case durability
        /// The backend cannot take work now.
        case unhealthy
        /// The registration wants a proof of conformance that there is not.
        case conformance
        /// The registration takes no further runs, since it is being removed.
        case draining
    }

    /// The place in the client's document.
    public var pointer: JSONPointer
    /// What is wrong and what would be right.
    public var detail: String
    /// Which need it is that a backend does not meet; `nil` for what is wrong whatever the backend is.
    public var code: Code?

    /// Makes an issue.
    public init(_ pointer: JSONPointer, _ detail: String, code: Code? = nil) {
        self.pointer = pointer
        self.detail = detail
        self.code = code
    }

    /// The same issue in a document that holds this one at `prefix`.
    public func under(_ prefix: JSONPointer) -> ValidationIssue {
        ValidationIssue(prefix.appending(pointer), detail, code: code)
    }

    /// The same issue as a need that a backend does not meet, unless it is known which one.
    public func coded(_ code: Code) -> ValidationIssue { ValidationIssue(pointer, detail, code: self.code ?? code) }

    /// The place and the detail.
    public var description: String { "\(pointer): \(detail)" }
}

/// Everything that is wrong with a document, all at once.
public struct ValidationError: Error, Hashable, Sendable {
    /// The issues in the order of the document.
    public var issues: [ValidationIssue]

    /// Makes an error of at least one issue.
    public init(_ issues: [ValidationIssue]) { self.issues = issues }

    /// Everything that keeps something from being read; nothing when it can be.
    public static func issues<Value>(of read: () throws(ValidationError) -> Value) -> [ValidationIssue] {
        do throws(ValidationError) {
            _ = try read()
            return []
        } catch {
            return error.issues
        }
    }
}
