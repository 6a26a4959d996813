/// For every node a list of other nodes, all lists in one array.
///
/// A graph has two of these instead of two arrays for every node, so that making and freeing one costs the same few
/// allocations however many nodes there are.
struct Adjacency: Sendable {
    /// Where each node's list begins; one more than there are nodes.
    private var starts: [Int]
    private var targets: [Int]

    /// Every node but the first after the one before it, or every node but the last before the one after it.
    static func chain(_ count: Int, forward: Bool) -> Adjacency {
        guard count < short.count else { return makeChain(count, forward: forward) }
        return forward ? short[count].forward : short[count].backward
    }

    /// The chains of few nodes, which most sequences share.
    private static let short = (0...64).map {
        (forward: makeChain($0, forward: true), backward: makeChain($0, forward: false))
    }

    private static func makeChain(_ count: Int, forward: Bool) -> Adjacency {
        Adjacency(
            starts: (0...count).map { forward ? min($0, count - 1) : max(0, $0 - 1) },
            targets: Array(forward ? 1..<max(count, 1) : 0..<max(count - 1, 0)))
    }

    private init(starts: [Int], targets: [Int]) {
        self.starts = starts
        self.targets = targets
    }

    /// Makes lists of the edges `(from, to)`, each list in the order of the edges.
    init(_ edges: [(from: Int, to: Int)], count: Int) {
        starts = [Int](repeating: 0, count: count + 1)
        for edge in edges { starts[edge.from + 1] += 1 }
        for node in 0..<count { starts[node + 1] += starts[node] }
        targets = [Int](repeating: 0, count: edges.count)
        var next = starts
        for edge in edges {
            targets[next[edge.from]] = edge.to
            next[edge.from] += 1
        }
    }

    /// How many others a node has.
    func count(of node: Int) -> Int { starts[node + 1] - starts[node] }

    /// The first of a node's others, of which there has to be one.
    func first(of node: Int) -> Int { targets[starts[node]] }

    /// A node's others, in order.
    subscript(node: Int) -> ArraySlice<Int> { targets[starts[node]..<starts[node + 1]] }
}
