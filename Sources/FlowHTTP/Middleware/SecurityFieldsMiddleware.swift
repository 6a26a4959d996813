/// Tells browsers not to guess types and not to keep answers that may change.
package final class SecurityFieldsMiddleware: Middleware {
    /// What it does.
    package let stages: MiddlewareStages = .ended
    /// Makes the middleware.
    package init() {}

    /// Adds the fields.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {
        response.fields.append(("X-Content-Type-Options", "nosniff"))
        if !response.fields.contains(where: { $0.name == "Cache-Control" }) {
            response.fields.append(("Cache-Control", "no-store"))
        }
    }
}
