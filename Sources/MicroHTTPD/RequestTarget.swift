import FlowHTTP

/// What a request line asks for. A connection keeps the last one that led to a route: a client that polls asks for the
/// same again, and nothing of it has to be read, checked and found anew.
final class RequestTarget {
    let method: HTTPMethod
    /// The path as it came, percent-encoded.
    let path: String
    /// The text behind `?`; `nil` when there is no `?`.
    let query: String?
    /// Where it leads, once that is known; then the target has passed all checks.
    private(set) var route: Route?
    private(set) var parameters: [String] = []

    init(_ method: HTTPMethod, _ text: String) {
        let mark = Self.mark(in: text)
        self.method = method
        path = mark.map { String(text[..<$0]) } ?? text
        query = mark.map { String(text[text.index(after: $0)...]) }
    }

    /// Notes where a request with this target was led.
    func led(to request: HTTPRequest) {
        route = request.route
        parameters = request.parameters
    }

    /// Where the query of a target begins.
    private static func mark(in target: String) -> String.Index? {
        let text = target.utf8Span.span
        for index in text.indices where text[index] == UInt8(ascii: "?") {
            return target.utf8.index(target.startIndex, offsetBy: index)
        }
        return nil
    }
}
