/// Answers requests by routes, with middleware around them.
package struct RoutedResponder: HTTPResponder {
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
            if head.method == .options, head.path == "*" {
                var response = HTTPResponse(status: 204, fields: [("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS")])
                finish(&response, to: head)
                return response
            }
            let route: Route
            switch router.match(head.method, head.path) {
            case .none: throw Problem(404, "not-found", "There is nothing at this path.")
            case .otherMethods(let methods):
                let allow = methods.map(\.description).joined(separator: ", ")
                if head.method == .options {
                    var response = HTTPResponse(status: 204, fields: [("Allow", allow)])
                    finish(&response, to: head)
                    return response
                }
                throw Problem(
                    405, "method-not-allowed", "\(head.method) is not possible here; possible are \(allow).",
                    fields: [("Allow", allow)])
            case .route(let found, let parameters):
                route = found
                head.parameters = parameters
                head.route = found
            }
            for layer in admitting { try layer.admit(&head, to: route) }
            return nil
        } catch {
            return failed(error, head)
        }
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
        .later { () async -> HTTPResponse in
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

    private func completed(_ response: HTTPResponse, _ request: HTTPRequest) -> HTTPResponse {
        var response = response
        finish(&response, to: request)
        return response
    }

    private func failed(_ problem: Problem, _ request: HTTPRequest) -> HTTPResponse {
        completed(problem.response(instance: request.path), request)
    }
}
