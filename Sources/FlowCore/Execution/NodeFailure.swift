public import FlowJSON

/// Why a node, or a run, did not complete: the error object of the API.
public struct NodeFailure: Error, Hashable, Sendable {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
        /// The code as text.
        public let rawValue: String
        /// Takes a code.
        public init(_ rawValue: String) { self.rawValue = rawValue }
        /// Takes a code.
        public init(stringLiteral value: String) { rawValue = value }
        /// The code as text.
        public var description: String { rawValue }

        /// The node's own work failed.
        public static let failed: Code = "failed"
        /// An attempt or the run took longer than it may.
        public static let timeout: Code = "timeout"
        /// The backend could not be reached or could not take the node.
        public static let unavailable: Code = "unavailable"
        /// The node's configuration or input does not allow it to run.
        public static let invalid: Code = "invalid"
        /// An outbound call was refused by the server's rules, or for want of rights by the service that was called.
        public static let forbidden: Code = "forbidden"
        /// An HTTP call was answered with a status that was not expected.
        public static let httpStatus: Code = "http_status"
        /// What was made is not what was asked for.
        public static let invalidOutput: Code = "invalid_output"
        /// An output was larger than it may be.
        public static let tooLarge: Code = "too_large"
        /// The run was cancelled.
        public static let cancelled: Code = "cancelled"
        /// The server stopped while the node ran.
        public static let lost: Code = "lost"
        /// An expression has no value, or costs more than it may.
        public static let expressionError: Code = "expression_error"
        /// A loop went on longer than it may.
        public static let tooManyIterations: Code = "too_many_iterations"
        /// A run that a node started did not complete.
        public static let childFailed: Code = "child_failed"
        /// More runs would start each other than may.
        public static let tooDeep: Code = "too_deep"
        /// There is no TLS connection to a service that can be trusted, such as for its certificate.
        public static let tlsError: Code = "tls_error"
        /// A remote backend refused a request.
        public static let remoteError: Code = "remote_error"
        /// A remote backend answered with a status that says that it failed itself.
        public static let remoteStatus: Code = "remote_status"
        /// A remote backend led elsewhere.
        public static let redirectRefused: Code = "redirect_refused"
        /// A remote backend answered with a page for people.
        public static let htmlResponse: Code = "html_response"
        /// A remote backend answered with something else than JSON, or without saying what it is.
        public static let invalidContentType: Code = "invalid_content_type"
        /// A remote backend answered with what it calls JSON and is none, or only a part of it.
        public static let invalidJSON: Code = "invalid_json"
        /// A remote backend answered with JSON that is no result.
        public static let invalidResponse: Code = "invalid_response"
        /// A remote backend answered with more than is read.
        public static let responseTooLarge: Code = "response_too_large"
        /// A remote backend's stream of events ended before its result.
        public static let incompleteStream: Code = "incomplete_stream"
        /// A remote backend does not describe itself as it has to.
        public static let invalidDescription: Code = "invalid_description"
        /// A remote backend's capabilities are no booleans.
        public static let invalidCapabilities: Code = "invalid_capabilities"
        /// Whoever was asked said no.
        public static let rejected: Code = "rejected"
    }

    /// The fields, in one place that copies share: failures are rare, and whatever may hold one stays small.
    private final class Storage: Sendable {
        let code: Code
        let message: String
        let retriable: Bool
        let details: JSONValue?

        init(_ code: Code, _ message: String, _ retriable: Bool, _ details: JSONValue?) {
            self.code = code
            self.message = message
            self.retriable = retriable
            self.details = details
        }
    }

    private let storage: Storage

    /// What kind of failure it is.
    public var code: Code { storage.code }
    /// What happened, for people.
    public var message: String { storage.message }
    /// Whether another attempt may succeed.
    public var retriable: Bool { storage.retriable }
    /// What else is known.
    public var details: JSONValue? { storage.details }

    /// Makes a failure.
    public init(_ code: Code, _ message: String, retriable: Bool = false, details: JSONValue? = nil) {
        storage = Storage(code, message, retriable, details)
    }

    /// Two failures are equal when they say the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.message == right.message && left.retriable == right.retriable
            && left.details == right.details
    }

    /// Hashes all that is said.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
        hasher.combine(retriable)
        hasher.combine(details)
    }
}

extension NodeFailure {
    /// Reads the error object of the API, or `nil` when the value is none.
    public init?(decoding value: JSONValue) {
        guard let code = value["code"]?.string, let message = value["message"]?.string else { return nil }
        let details = value["details"].flatMap { $0.isNull ? nil : $0 }
        self.init(Code(code), message, retriable: value["retriable"]?.bool ?? false, details: details)
    }

    /// The error object of the API.
    public var json: JSONValue {
        [
            "code": .string(code.rawValue), "message": .string(message), "retriable": .bool(retriable),
            "details": details ?? .null,
        ]
    }

    /// A backend that did not take an attempt, which says nothing of the node.
    public static func transport(_ error: BackendError) -> NodeFailure {
        var details: JSONObject = [
            "backend": .string(error.backend.rawValue), "reason": .string(error.code.rawValue),
        ]
        if error.retryOwner == .backend {
            details["retry_owner"] = .string(BackendContract.RetryOwner.backend.rawValue)
        }
        return NodeFailure(
            error.failureCode, error.description, retriable: error.isRetriable, details: .object(details))
    }

    /// Whether the backend is what failed, and not the node, and the service is to try again.
    package var isTransport: Bool {
        retriable && details?["backend"]?.string != nil && details?["retry_owner"] == nil
            && [BackendError.Code.unavailable, .overloaded].contains { $0.rawValue == details?["reason"]?.string }
    }

    /// Writes the error object of the API.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("code")
        writer.string(code.rawValue)
        writer.field("message")
        writer.string(message)
        writer.field("retriable")
        writer.bool(retriable)
        writer.field("details")
        writer.value(details ?? .null)
        writer.endObject()
    }
}
