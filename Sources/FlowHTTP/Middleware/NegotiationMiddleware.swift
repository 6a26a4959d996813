/// Refuses wishes that cannot be met, instead of passing over them in silence: representations that a route does not have
/// (`Accept`), preferences that are not known under strict handling (`Prefer`), and versions of what has none (`If-Match`).
package final class NegotiationMiddleware: Middleware {
    /// What it does.
    package let stages: MiddlewareStages = [.admit, .ended]

    /// Makes the middleware.
    package init() {}

    /// Refuses a request whose wishes the route cannot meet.
    package func admit(_ request: inout HTTPRequest, to route: Route) throws(Problem) {
        try Self.checkAccept(request, route)
        if request.fields.contains("prefer"), !route.wishes.contains(.preferences) {
            var preferences = Preferences(request.fields.values("prefer"))
            try preferences.applyHandling()
            request.appliedPreferences = preferences.field?.value
        }
        request.isConditional = Preconditions.areGiven(request)
    }

    /// Tells of preferences that were honoured here, and holds back what a client wants in a version that it does not have.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {
        if let applied = request.appliedPreferences { response.fields.append(("Preference-Applied", applied)) }
        // A condition counts only where the answer without it would be a success (RFC 9110 section 13.2.1).
        guard request.isConditional, let route = request.route, route.method == .get,
            (200..<300).contains(response.status),
            !route.wishes.contains(.conditions)
        else { return }
        do throws(Problem) { try Preconditions(request.fields).checkMatch(nil) } catch {
            response = error.response(instance: request.path)
        }
    }

    private static func checkAccept(_ request: HTTPRequest, _ route: Route) throws(Problem) {
        // What has no content is acceptable to everybody.
        guard !route.produces.isEmpty else { return }
        let isPlain = request.fields.allValues(of: "accept") { value in
            route.plainAccepts.contains { isEqual(value, $0) }
        }
        guard !isPlain else { return }
        guard !MediaTypes.takes(accept: request.fields.values("accept"), oneOf: route.produces) else { return }
        let types = route.produces.joined(separator: " or ")
        throw Problem(
            406, "not-acceptable", "The answer is \(types), which the request does not accept.",
            issues: [Problem.Issue(parameter: "Accept", "expected a list that takes \(types)")])
    }

    private static func isEqual(_ bytes: Span<UInt8>, _ text: String) -> Bool {
        let wanted = text.utf8Span.span
        guard bytes.count == wanted.count else { return false }
        for index in wanted.indices where bytes[index] != wanted[index] { return false }
        return true
    }
}
