public import FlowJSON

/// What a backend can do, as named booleans. Names that this version does not know are kept.
public struct BackendCapabilities: Hashable, Sendable {
    /// Nodes can hand out parts of their result while they run.
    public static let streaming = "streaming"
    /// Nodes of one run can run at the same time.
    public static let parallel = "parallel"
    /// Runs go on while nobody waits for them.
    public static let async = "async"
    /// Nodes run on other machines.
    public static let distributed = "distributed"
    /// The four that every backend states, in their order.
    public static let standard = [streaming, parallel, async, distributed]

    private var flags: [(name: String, value: Bool)]

    /// Makes capabilities; `others` follow the standard four in order of their names.
    public init(streaming: Bool, parallel: Bool, async: Bool, distributed: Bool, others: [String: Bool] = [:]) {
        flags = zip(Self.standard, [streaming, parallel, async, distributed]).map { ($0, $1) }
        flags += others.filter { !Self.standard.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Whether the backend has the capability of that name.
    public func has(_ name: String) -> Bool { flags.contains { $0.name == name && $0.value } }

    /// Those of the names that the backend lacks.
    public func missing(of names: [String]) -> [String] { names.filter { !has($0) } }

    /// What both can do; of every name that one of them states.
    public func meet(_ other: BackendCapabilities) -> BackendCapabilities {
        var met = self
        let others = Set((flags + other.flags).map(\.name)).subtracting(Self.standard).sorted()
        met.flags = (Self.standard + others).map { ($0, has($0) && other.has($0)) }
        return met
    }

    /// A flat object of booleans, the standard four first.
    public var json: JSONValue {
        var object = JSONObject()
        for flag in flags { object[flag.name] = .bool(flag.value) }
        return .object(object)
    }

    /// Two sets are equal when they say the same of every name.
    public static func == (left: Self, right: Self) -> Bool { left.flags.elementsEqual(right.flags, by: ==) }

    /// Hashes the names and values.
    public func hash(into hasher: inout Hasher) {
        for flag in flags {
            hasher.combine(flag.name)
            hasher.combine(flag.value)
        }
    }
}
