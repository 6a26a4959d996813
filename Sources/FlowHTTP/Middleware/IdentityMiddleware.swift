import Synchronization

/// Gives every request an id and its place in a trace, and tells both in the answer.
///
/// A client's own `X-Request-Id` is kept when it is short and plain.
package final class IdentityMiddleware: Middleware {
    /// What it does.
    package let stages: MiddlewareStages = [.began, .ended]
    private let prefix: String
    private let number = Atomic<UInt64>(0)

    /// Makes ids that begin with a text which is another for every start of the server.
    package init(prefix: String) { self.prefix = prefix }

    /// Sets the id and the trace.
    package func began(_ request: inout HTTPRequest) {
        if let id = request.fields["x-request-id"], (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy(RequestFields.isToken)
        {
            request.id = id
        } else {
            request.id = prefix + String(number.add(1, ordering: .relaxed).newValue)
        }
        if let field = request.fields["traceparent"] { request.trace = TraceContext(field) }
    }

    /// Adds the fields.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {
        response.fields.append(("X-Request-Id", request.id))
        if let trace = request.trace {
            response.fields.append(("traceparent", trace.field))
        }
    }
}
