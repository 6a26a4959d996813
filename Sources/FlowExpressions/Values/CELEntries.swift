/// The entries of a map that an expression made, in the order in which they were written.
public struct CELEntries: Sendable {
    private final class Storage: Sendable {
        let keys: [CELValue]
        let values: [CELValue]
        let positions: [MapKey: Int]

        init(keys: [CELValue], values: [CELValue], positions: [MapKey: Int]) {
            self.keys = keys
            self.values = values
            self.positions = positions
        }
    }

    private let storage: Storage

    /// Collects entries of a map to be.
    struct Builder {
        private var keys: [CELValue] = []
        private var values: [CELValue] = []
        private var positions: [MapKey: Int] = [:]

        /// Adds an entry.
        ///
        /// - Throws: ``EvaluationError`` when the key is of a type that cannot be one, or is there already.
        mutating func add(_ key: CELValue, _ value: CELValue) throws(EvaluationError) {
            // A double finds integers in a map and is itself no key.
            if case .double = key { throw EvaluationError(.invalidArgument, "unsupported key type: double") }
            guard let mapKey = MapKey(key) else {
                throw EvaluationError(.invalidArgument, "unsupported key type: \(key.type)")
            }
            guard positions.updateValue(keys.count, forKey: mapKey) == nil else {
                throw EvaluationError(.invalidArgument, "the map has a key twice")
            }
            keys.append(key)
            values.append(value)
        }

        /// The finished map.
        var map: CELMap { .literal(CELEntries(Storage(keys: keys, values: values, positions: positions))) }
    }

    private init(_ storage: Storage) { self.storage = storage }

    /// The keys in order.
    public var keys: [CELValue] { storage.keys }
    /// The values, in the order of the keys.
    public var values: [CELValue] { storage.values }
    /// How many entries there are.
    public var count: Int { storage.keys.count }

    subscript(key: MapKey) -> CELValue? { storage.positions[key].map { storage.values[$0] } }
}
