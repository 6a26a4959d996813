/// Something that concerns every request, whatever its route.
///
/// None of its functions waits, so that an answer which can be given at once is given at once.
package protocol Middleware: AnyObject, Sendable {
    /// The functions that do something; the others are not called.
    var stages: MiddlewareStages { get }

    /// Sees a request before its route is known.
    func began(_ request: inout HTTPRequest)

    /// Decides whether a request may go to its route, before its body is read.
    func admit(_ request: inout HTTPRequest, to route: Route) throws(Problem)

    /// Sees every answer, errors included.
    func ended(_ response: inout HTTPResponse, to request: HTTPRequest)
}

/// The functions of a middleware.
package struct MiddlewareStages: OptionSet, Sendable {
    /// The bits.
    package let rawValue: Int

    /// Takes the bits.
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// ``Middleware/began(_:)``
    package static let began = MiddlewareStages(rawValue: 1)
    /// ``Middleware/admit(_:to:)``
    package static let admit = MiddlewareStages(rawValue: 2)
    /// ``Middleware/ended(_:to:)``
    package static let ended = MiddlewareStages(rawValue: 4)
}

extension Middleware {
    /// By default nothing happens.
    package func began(_ request: inout HTTPRequest) {}
    /// By default every request may pass.
    package func admit(_ request: inout HTTPRequest, to route: Route) throws(Problem) {}
    /// By default nothing happens.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {}
}
