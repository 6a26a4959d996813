import FlowCore
import FlowJSON

/// Nodes that one process runs as one chain of LangChain.
struct ChainPlan: Sendable {
    /// How nodes follow each other, by their numbers.
    indirect enum Shape: Hashable, Sendable {
        case step(Int)
        /// One after the other: `a | b`.
        case sequence([Shape])
        /// At the same time, each under the name that its result has for what joins them: a `RunnableParallel`.
        case parallel([Branch])
        /// One of them, which the planner chooses: a `RunnableBranch`.
        case choice([Shape])
    }

    struct Branch: Hashable, Sendable {
        let name: NodeID
        let shape: Shape
    }

    /// The nodes, each behind those that lead to it.
    var nodes: [Node]
    /// Per node the numbers of those whose ends it waits for.
    var before: [[Int]]
    /// The nodes that run only when a choice goes to them.
    var chosen: Set<Int> = []
    var shape: Shape

    /// A chain of one node.
    init(_ node: Node) {
        nodes = [node]
        before = [[]]
        shape = .step(0)
    }

    /// The chain that begins with a node of a workflow, as far as one process can run it.
    init(from place: Int, in map: ChainMap) {
        var builder = Builder(map: map)
        let found = builder.sequence(from: place, after: []).shape
        nodes = builder.places.map { map.nodes[$0] }
        before = builder.before
        chosen = builder.chosen
        shape = found
    }

    /// Whether nodes only follow each other.
    var isLinear: Bool {
        switch shape {
        case .step: true
        case .sequence(let parts): parts.allSatisfy { if case .step = $0 { true } else { false } }
        case .parallel, .choice: false
        }
    }
}

extension ChainPlan {
    /// Goes along a workflow's edges as long as the meaning is that of a chain.
    private struct Builder {
        let map: ChainMap
        var places: [Int] = []
        var before: [[Int]] = []
        var chosen: Set<Int> = []
        /// How many branches are around the node at hand, and how many there may be: the planner does the rest.
        private var depth = 0
        private static let maxDepth = 16

        init(map: ChainMap) { self.map = map }

        private mutating func branch(from start: Int, after last: Int) -> (
            shape: Shape, end: (place: Int, number: Int)?
        ) {
            depth += 1
            defer { depth -= 1 }
            return sequence(from: start, after: [last])
        }

        private mutating func add(_ place: Int, after: [Int]) -> Int {
            places.append(place)
            before.append(after)
            return places.count - 1
        }

        /// - Returns: the node whose result the whole has, with its number; `nil` when no single one gives it.
        mutating func sequence(from start: Int, after: [Int]) -> (shape: Shape, end: (place: Int, number: Int)?) {
            var number = add(start, after: after)
            var parts: [Shape] = [.step(number)]
            var place = start
            func made(_ end: (place: Int, number: Int)?) -> (shape: Shape, end: (place: Int, number: Int)?) {
                (parts.count == 1 ? parts[0] : .sequence(parts), end)
            }
            while true {
                let next = map.next(place)
                if next.count == 1, map.follows(next[0], place) {
                    place = next[0]
                    number = add(place, after: [number])
                    parts.append(.step(number))
                } else if depth < Self.maxDepth, next.count == 1, let targets = map.targets(of: next[0], after: place) {
                    let last = number
                    let branches = targets.map { target in
                        chosen.insert(places.count)
                        return branch(from: target, after: last).shape
                    }
                    parts.append(.choice(branches))
                    return made(nil)
                } else if depth < Self.maxDepth, next.count > 1, map.mayFanOut,
                    next.allSatisfy({ map.follows($0, place) })
                {
                    let last = number
                    let branches = next.map { branch(from: $0, after: last) }
                    let ends = branches.compactMap(\.end)
                    guard ends.count == branches.count, let join = map.join(of: ends.map(\.place)) else {
                        let named = zip(next, branches).map { Branch(name: map.nodes[$0].id, shape: $1.shape) }
                        parts.append(.parallel(named))
                        return made(nil)
                    }
                    // The join gets its object in the order of its dependencies.
                    let named = zip(ends, branches).map { Branch(name: map.nodes[$0.place].id, shape: $1.shape) }
                    let order = map.nodes[join].dependsOn ?? []
                    parts.append(.parallel(order.compactMap { name in named.first { $0.name == name } }))
                    place = join
                    number = add(join, after: ends.map(\.number))
                    parts.append(.step(number))
                } else {
                    return made((place, number))
                }
            }
        }
    }
}
