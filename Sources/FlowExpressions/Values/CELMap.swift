public import FlowJSON

/// A map: made by an expression, read from JSON in place, or an object that finds its members when asked.
public enum CELMap: Sendable {
    /// Entries that an expression made.
    case literal(CELEntries)
    /// Members of a JSON object.
    case json(JSONObject)
    /// Members that are found when they are asked for.
    case object(any VariableObject)

    /// Makes a map of entries.
    ///
    /// - Throws: ``EvaluationError`` when a key is of a type that cannot be one, or is there twice.
    public init(_ entries: [(key: CELValue, value: CELValue)]) throws(EvaluationError) {
        var builder = CELEntries.Builder()
        for entry in entries { try builder.add(entry.key, entry.value) }
        self = builder.map
    }

    /// The entries in order. Members that cannot be read are left out.
    public var entries: [(key: CELValue, value: CELValue)] {
        keys.compactMap { key in
            guard let value = try? self.value(key) else { return nil }
            return (key, value)
        }
    }

    /// How many entries there are.
    public var count: Int {
        switch self {
        case .literal(let entries): entries.count
        case .json(let object): object.count
        case .object(let object): object.memberNames.count
        }
    }

    /// The keys in order.
    public var keys: [CELValue] {
        switch self {
        case .literal(let entries): entries.keys
        case .json(let object): object.members.map { .string($0.name) }
        case .object(let object): object.memberNames.map { .string($0) }
        }
    }

    /// The value of a text key, `nil` when there is none.
    ///
    /// - Throws: ``EvaluationError`` of an object that cannot tell.
    func member(_ name: String) throws(EvaluationError) -> CELValue? {
        switch self {
        case .literal(let entries): entries[.string(name)]
        case .json(let object): object[name].map(CELValue.init)
        case .object(let object): try object.member(name)
        }
    }

    /// The value of any key, `nil` when there is none. Numbers find each other across their types.
    ///
    /// - Throws: ``EvaluationError`` of an object that cannot tell.
    func value(_ key: CELValue) throws(EvaluationError) -> CELValue? {
        if case .string(let name) = key { return try member(name) }
        guard case .literal(let entries) = self else { return nil }
        return MapKey(key).flatMap { entries[$0] }
    }
}
