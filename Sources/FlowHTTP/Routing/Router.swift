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
        let literals: [(text: [UInt8], place: Place)]
        let capture: Place?
        let routes: [Route]

        init(_ routes: [(segments: ArraySlice<Route.Segment>, route: Route)]) {
            self.routes = routes.filter(\.segments.isEmpty).map(\.route)
            var below: [Route.Segment: [(ArraySlice<Route.Segment>, Route)]] = [:]
            for (segments, route) in routes {
                if let first = segments.first { below[first, default: []].append((segments.dropFirst(), route)) }
            }
            var literals: [(text: [UInt8], place: Place)] = []
            var capture: Place?
            for (segment, routes) in below {
                switch segment {
                case .literal(let text): literals.append((Array(text.utf8), Place(routes)))
                case .capture: capture = Place(routes)
                }
            }
            self.literals = literals
            self.capture = capture
        }

        /// The place below for a literal segment. There are few: a search in order beats hashing.
        func literal(_ segment: Span<UInt8>) -> Place? {
            for (text, place) in literals where text.count == segment.count {
                var isEqual = true
                for index in segment.indices where segment[index] != text[index] {
                    isEqual = false
                    break
                }
                if isEqual { return place }
            }
            return nil
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
        let text = path.utf8Span.span
        guard text.count > 0, text[0] == UInt8(ascii: "/") else { return .none }
        var place = root
        var parameters: [String] = []
        var start = 1
        while start < text.count || start > 1 {
            var end = start
            var isEscaped = false
            while end < text.count, text[end] != UInt8(ascii: "/") {
                if text[end] == UInt8(ascii: "%") { isEscaped = true }
                end += 1
            }
            let raw = text.extracting(start..<end)
            guard !raw.isEmpty, let next = step(from: place, raw, isEscaped: isEscaped, &parameters) else {
                return .none
            }
            place = next
            if end == text.count { break }
            start = end + 1
        }
        guard !place.routes.isEmpty else { return .none }
        let wanted = method == .head ? .get : method
        for route in place.routes where route.method == wanted { return .route(route, parameters: parameters) }
        return .otherMethods(Self.allowed(place.routes))
    }

    private func step(
        from place: Place, _ raw: Span<UInt8>, isEscaped: Bool, _ parameters: inout [String]
    ) -> Place? {
        if !isEscaped, let next = place.literal(raw) { return next }
        guard let valid = try? UTF8Span(validating: raw) else { return nil }
        let text = String(copying: valid)
        guard isEscaped else {
            if place.capture != nil { parameters.append(text) }
            return place.capture
        }
        guard let segment = PercentEncoding.decode(text), !segment.isEmpty else { return nil }
        if let next = place.literal(segment.utf8Span.span) { return next }
        if place.capture != nil { parameters.append(segment) }
        return place.capture
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
