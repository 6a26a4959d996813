/// Something that concerns every request, whatever its route.
///
/// None of its functions waits, so that an answer which can be given at once is given at once.
package protocol Middleware: Sendable {
    /// Sees a request before its route is known.
    func began(_ request: inout HTTPRequest)

    /// Decides whether a request may go to its route, before its body is read.
    func admit(_ request: inout HTTPRequest, to route: Route) throws(Problem)

    /// Sees every answer, errors included.
    func ended(_ response: inout HTTPResponse, to request: HTTPRequest)
}

extension Middleware {
    /// By default nothing happens.
    package func began(_ request: inout HTTPRequest) {}
    /// By default every request may pass.
    package func admit(_ request: inout HTTPRequest, to route: Route) throws(Problem) {}
    /// By default nothing happens.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {}
}
