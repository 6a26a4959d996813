import FlowHTTP

/// Lets a request pass to its route when its key opens it (RFC 6750).
final class AuthenticationMiddleware: Middleware {
    let stages: MiddlewareStages = .admit
    private let keys: APIKeys

    init(keys: APIKeys) { self.keys = keys }

    func admit(_ request: inout HTTPRequest, to route: Route) throws(Problem) {
        guard !keys.isEmpty else {
            request.access = .admin
            return
        }
        guard route.access > .anyone else { return }
        guard let field = request.fields["authorization"] else {
            throw Problem(
                401, "unauthorized", "The request needs an API key: \"Authorization: Bearer KEY\".",
                fields: [("WWW-Authenticate", "Bearer realm=\"flowcore\"")])
        }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", let access = keys.access(of: String(parts[1])) else {
            throw Problem(
                401, "unauthorized", "The API key is not valid.",
                fields: [("WWW-Authenticate", "Bearer realm=\"flowcore\", error=\"invalid_token\"")])
        }
        guard access >= route.access else {
            throw Problem(
                403, "forbidden", "The API key is for a \(access); this needs a \(route.access).",
                fields: [("WWW-Authenticate", "Bearer realm=\"flowcore\", error=\"insufficient_scope\"")])
        }
        request.access = access
    }
}
