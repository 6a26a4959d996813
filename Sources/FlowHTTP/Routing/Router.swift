/// Finds the route of a request.
package struct Router: Sendable {
    /// What a path leads to.
    package enum Match: Sendable {
        /// A route, with what its pattern captured.
        case route(Route, parameters: [String])
        /// The path is known, the method is not among these.
        case otherMethods([HTTPMethod])
        /// The path is not known.
        case none
    }

    /// A segment's place in the tree of paths.
    private final class Place: Sendable {
        let literals: [String: Place]
        let capture: Place?
        let routes: [Route]

        init(_ routes: [(segments: ArraySlice<Route.Segment>, route: Route)]) {
            self.routes = routes.filter(\.segments.isEmpty).map(\.route)
            var below: [Route.Segment: [(ArraySlice<Route.Segment>, Route)]] = [:]
            for (segments, route) in routes {
                if let first = segments.first { below[first, default: []].append((segments.dropFirst(), route)) }
            }
            var literals: [String: Place] = [:]
            var capture: Place?
            for (segment, routes) in below {
                switch segment {
                case .literal(let text): literals[text] = Place(routes)
                case .capture: capture = Place(routes)
                }
            }
            self.literals = literals
            self.capture = capture
        }
    }

    /// All routes.
    package let routes: [Route]
    private let root: Place

    /// Makes a router; literal segments win over captured ones.
    package init(_ routes: [Route]) {
        self.routes = routes
        root = Place(routes.map { ($0.segments[...], $0) })
    }

    /// What a method on a path, percent-encoded as it came, leads to.
    package func match(_ method: HTTPMethod, _ path: String) -> Match {
        var place = root
        var parameters: [String] = []
        guard path.utf8.first == UInt8(ascii: "/") else { return .none }
        if path.utf8.count > 1 {
            for raw in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                let segment = raw.utf8.contains(UInt8(ascii: "%")) ? PercentEncoding.decode(raw) : String(raw)
                guard let segment, !segment.isEmpty else { return .none }
                if let next = place.literals[segment] {
                    place = next
                } else if let next = place.capture {
                    parameters.append(segment)
                    place = next
                } else {
                    return .none
                }
            }
        }
        guard !place.routes.isEmpty else { return .none }
        let wanted = method == .head ? .get : method
        for route in place.routes where route.method == wanted { return .route(route, parameters: parameters) }
        return .otherMethods(Self.allowed(place.routes))
    }

    /// The methods of a path: HEAD comes with GET, and OPTIONS is everywhere.
    private static func allowed(_ routes: [Route]) -> [HTTPMethod] {
        var methods: [HTTPMethod] = []
        for route in routes {
            methods.append(route.method)
            if route.method == .get { methods.append(.head) }
        }
        return methods + [.options]
    }
}
