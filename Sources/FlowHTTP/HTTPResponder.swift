/// Answers requests. The server below it knows nothing else of the program.
package protocol HTTPResponder: AnyObject, Sendable {
    /// Looks at a request whose body has not come yet.
    ///
    /// - Returns: an answer that refuses the request without reading its body, else `nil`.
    func refuse(_ head: inout HTTPRequest) -> HTTPResponse?

    /// Answers a request that is complete.
    func respond(to request: HTTPRequest) -> HTTPAnswer

    /// Looks at a request that the server answers on its own without having offered it to ``refuse(_:)``.
    func begin(_ head: inout HTTPRequest)

    /// Completes an answer that the server gives on its own.
    func finish(_ response: inout HTTPResponse, to request: HTTPRequest)
}

extension HTTPResponder {
    /// By default nothing happens.
    package func begin(_ head: inout HTTPRequest) {}
}

/// An answer, now or later.
package enum HTTPAnswer: Sendable {
    /// Now, on the thread that asked.
    case ready(HTTPResponse)
    /// When the function has ended.
    case later(@Sendable () async -> HTTPResponse)
}

extension HTTPAnswer {
    /// The answer, waited for.
    package var response: HTTPResponse {
        get async {
            switch self {
            case .ready(let response): response
            case .later(let respond): await respond()
            }
        }
    }
}
