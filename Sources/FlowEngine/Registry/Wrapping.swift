import FlowCore

/// What wraps what, as a graph in which a backend can be reached in several ways.
enum Wrapping {
    /// So many backends one may reach, each counted as often as it is reached: a `fallback` of two of two of two asks all
    /// of them in turn, and whoever looks at it goes all ways.
    static let maximum = 256

    /// The shortest way from a backend to another one by what they wrap, both included.
    static func path(
        from start: BackendName, to target: BackendName, _ wrapped: (BackendName) -> [BackendName]
    ) -> [BackendName]? {
        var waiting = [[start]]
        var seen: Set<BackendName> = []
        while let path = waiting.first {
            waiting.removeFirst()
            guard let last = path.last else { continue }
            if last == target { return path }
            if seen.insert(last).inserted { waiting += wrapped(last).map { path + [$0] } }
        }
        return nil
    }

    /// How many backends one reaches, each counted as often as it is reached.
    struct Sizes {
        private let wrapped: (BackendName) -> [BackendName]
        private var known: [BackendName: Int] = [:]

        init(_ wrapped: @escaping (BackendName) -> [BackendName]) { self.wrapped = wrapped }

        /// The number; one beyond the maximum for all that are more.
        mutating func size(of name: BackendName) -> Int {
            if let size = known[name] { return size }
            // A circle has no number, and is refused elsewhere.
            known[name] = 0
            var size = 0
            for inner in wrapped(name) { size = min(size + 1 + self.size(of: inner), maximum + 1) }
            known[name] = size
            return size
        }
    }
}
