/// Answers requests by routes, with middleware around them.
package final class RoutedResponder: HTTPResponder {
    private let router: Router
    private let beginning: [any Middleware]
    private let admitting: [any Middleware]
    /// From the innermost to the outermost.
    private let ending: [any Middleware]

    /// Makes a responder; the first middleware is the outermost.
    package init(router: Router, middleware: [any Middleware]) {
        self.router = router
        beginning = middleware.filter { $0.stages.contains(.began) }
        admitting = middleware.filter { $0.stages.contains(.admit) }
        ending = middleware.reversed().filter { $0.stages.contains(.ended) }
    }

    /// Lets the middleware see the request, and refuses what no route takes.
    package func refuse(_ head: inout HTTPRequest) -> HTTPResponse? {
        begin(&head)
        do throws(Problem) {
            if head.method == .options, let allow = allowed(at: head.path) {
                return completed(HTTPResponse(status: 204, fields: [("Allow", allow)]), head)
            }
            let route: Route
            if let known = head.route { route = known } else { route = try find(&head) }
            for layer in admitting { try layer.admit(&head, to: route) }
            return nil
        } catch {
            return failed(error, head)
        }
    }

    /// The methods of a path, or of all; `nil` when the path is not known.
    private func allowed(at path: String) -> String? {
        if path == "*" { return "GET, HEAD, POST, PUT, DELETE, OPTIONS" }
        guard case .otherMethods(let methods) = router.match(.options, path) else { return nil }
        return Self.list(methods)
    }

    private func find(_ head: inout HTTPRequest) throws(Problem) -> Route {
        switch router.match(head.method, head.path) {
        case .none: throw Problem(404, "not-found", "There is nothing at this path.")
        case .otherMethods(let methods):
            let allow = Self.list(methods)
            throw Problem(
                405, "method-not-allowed", "\(head.method) is not possible here; possible are \(allow).",
                fields: [("Allow", allow)])
        case .route(let route, let parameters):
            head.parameters = parameters
            head.route = route
            return route
        }
    }

    private static func list(_ methods: [HTTPMethod]) -> String {
        methods.map(\.description).joined(separator: ", ")
    }

    /// Calls the route.
    package func respond(to request: HTTPRequest) -> HTTPAnswer {
        guard let route = request.route else {
            return .ready(failed(Problem(404, "not-found", "There is nothing at this path."), request))
        }
        do throws(Problem) {
            guard route.takesBody || request.body.isEmpty else {
                throw Problem(400, "unexpected-body", "\(request.method) takes no body here.")
            }
            switch route.handler {
            case .immediate(let handle): return .ready(completed(try handle(request), request))
            case .suspending(let handle): return later(request, handle)
            case .either(let now, let handle):
                if let response = try now(request) { return .ready(completed(response, request)) }
                return later(request, handle)
            }
        } catch {
            return .ready(failed(error, request))
        }
    }

    private func later(
        _ request: HTTPRequest, _ handle: @escaping @Sendable (HTTPRequest) async throws(Problem) -> HTTPResponse
    ) -> HTTPAnswer {
        .later { [self] () async -> HTTPResponse in
            do throws(Problem) {
                return completed(try await handle(request), request)
            } catch {
                return failed(error, request)
            }
        }
    }

    /// Lets the middleware see a request.
    package func begin(_ head: inout HTTPRequest) { for layer in beginning { layer.began(&head) } }

    /// Lets the middleware complete an answer: the first that is made for the request. Others come too late to be sent.
    package func finish(_ response: inout HTTPResponse, to request: HTTPRequest) {
        guard request.head.markAnswered() else { return }
        for layer in ending { layer.ended(&response, to: request) }
    }

    private func failed(_ problem: Problem, _ request: HTTPRequest) -> HTTPResponse {
        completed(problem.response(instance: request.path), request)
    }

    /// The answer as it is sent. It is taken over, so that nothing of it has to be copied.
    private func completed(_ response: consuming HTTPResponse, _ request: HTTPRequest) -> HTTPResponse {
        finish(&response, to: request)
        return response
    }
}
