/// What a macro runs over: the elements of a list or the keys of a map, or with two variables positions and elements,
/// or keys and values.
struct MacroRange {
    let node: any Node
    let first: Int
    let second: Int?
    let place: SourcePlace

    /// The collection, taken once.
    enum Collection {
        case list(CELList)
        case map(CELMap, keys: [CELValue])

        var count: Int {
            switch self {
            case .list(let list): list.count
            case .map(_, let keys): keys.count
            }
        }
    }

    func collection(_ frame: inout Frame, _ name: String) throws(EvaluationError) -> Collection {
        try frame.step()
        let value = try node.evaluate(&frame)
        switch value {
        case .list(let list): return .list(list)
        case .map(let map):
            try frame.step(map.count)
            return .map(map, keys: map.keys)
        default: throw EvaluationError.noSuchOverload(name, value).located(place)
        }
    }

    /// Binds the variables to one turn.
    @inline(__always)
    func bind(_ index: Int, of collection: Collection, _ frame: inout Frame) throws(EvaluationError) {
        try frame.step()
        switch collection {
        case .list(let list):
            if let second {
                frame.locals[first] = .int(Int64(index))
                frame.locals[second] = list[index]
            } else {
                frame.locals[first] = list[index]
            }
        case .map(let map, let keys):
            frame.locals[first] = keys[index]
            if let second { frame.locals[second] = try map.value(keys[index]) ?? .null }
        }
    }
}

/// `all` and `exists`. An error counts only when no other element decides.
final class QuantifierNode: Node {
    private let range: MacroRange
    private let predicate: any Node
    /// What decides: false for `all`, true for `exists`.
    private let deciding: Bool

    init(_ range: MacroRange, _ predicate: any Node, deciding: Bool) {
        self.range = range
        self.predicate = predicate
        self.deciding = deciding
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let name = deciding ? "exists" : "all"
        let collection = try range.collection(&frame, name)
        var failure: EvaluationError?
        for index in 0..<collection.count {
            try range.bind(index, of: collection, &frame)
            do throws(EvaluationError) {
                if try predicate.evaluateBool(&frame, name, range.place) == deciding { return .bool(deciding) }
            } catch {
                guard error.isAbsorbable else { throw error }
                if failure == nil { failure = error }
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }
}

/// `exists_one`. Every element is looked at, and an error is one.
final class ExistsOneNode: Node {
    private let range: MacroRange
    private let predicate: any Node

    init(_ range: MacroRange, _ predicate: any Node) {
        self.range = range
        self.predicate = predicate
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let collection = try range.collection(&frame, "exists_one")
        var count = 0
        for index in 0..<collection.count {
            try range.bind(index, of: collection, &frame)
            if try predicate.evaluateBool(&frame, "exists_one", range.place) { count += 1 }
        }
        return .bool(count == 1)
    }
}

/// `map`, `filter` and `transformList`.
final class TransformListNode: Node {
    private let range: MacroRange
    private let filter: (any Node)?
    /// `nil`: the element itself.
    private let transform: (any Node)?

    init(_ range: MacroRange, filter: (any Node)?, transform: (any Node)?) {
        self.range = range
        self.filter = filter
        self.transform = transform
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let collection = try range.collection(&frame, transform == nil ? "filter" : "map")
        var values: [CELValue] = []
        for index in 0..<collection.count {
            try range.bind(index, of: collection, &frame)
            if let filter, !(try filter.evaluateBool(&frame, "filter", range.place)) { continue }
            let value = try transform?.evaluate(&frame) ?? frame.locals[range.first]
            try frame.makeElements(1)
            values.append(value)
        }
        return .list(.values(values))
    }
}

/// `transformMap` and `transformMapEntry`.
final class TransformMapNode: Node {
    private let range: MacroRange
    private let filter: (any Node)?
    private let transform: (any Node)
    /// Whether the transform gives entries; else it gives values of the same keys.
    private let givesEntries: Bool

    init(_ range: MacroRange, filter: (any Node)?, transform: any Node, givesEntries: Bool) {
        self.range = range
        self.filter = filter
        self.transform = transform
        self.givesEntries = givesEntries
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let collection = try range.collection(&frame, "transformMap")
        var builder = CELEntries.Builder()
        for index in 0..<collection.count {
            try range.bind(index, of: collection, &frame)
            let key = frame.locals[range.first]
            if let filter, !(try filter.evaluateBool(&frame, "transformMap", range.place)) { continue }
            let value = try transform.evaluate(&frame)
            do throws(EvaluationError) {
                guard givesEntries else {
                    try frame.makeElements(3)
                    try frame.add(key, value, to: &builder)
                    continue
                }
                guard case .map(let map) = value else {
                    throw EvaluationError.noSuchOverload("transformMapEntry", value)
                }
                try frame.makeElements(map.count * 3)
                for key in map.keys { try frame.add(key, try map.value(key) ?? .null, to: &builder) }
            } catch { throw error.located(range.place) }
        }
        return .map(builder.map)
    }
}

/// `optMap` and `optFlatMap`.
final class OptionalMapNode: Node {
    private let operand: any Node
    private let slot: Int
    private let transform: any Node
    private let isFlat: Bool
    private let place: SourcePlace

    init(_ operand: any Node, slot: Int, transform: any Node, isFlat: Bool, _ place: SourcePlace) {
        self.operand = operand
        self.slot = slot
        self.transform = transform
        self.isFlat = isFlat
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let value = try operand.evaluate(&frame)
        guard case .optional(let optional) = value else {
            throw EvaluationError.noSuchOverload(isFlat ? "optFlatMap" : "optMap", value).located(place)
        }
        guard let inner = optional.value else { return .optional(.none) }
        frame.locals[slot] = inner
        let result = try transform.evaluate(&frame)
        guard isFlat else { return .optional(CELOptional(result)) }
        guard case .optional = result else {
            throw EvaluationError.noSuchOverload("optFlatMap", value, result).located(place)
        }
        return result
    }
}

/// `lists.sortBy`: the elements in the order of their keys.
final class SortByNode: Node {
    private let range: MacroRange
    private let key: any Node

    init(_ range: MacroRange, key: any Node) {
        self.range = range
        self.key = key
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let collection = try range.collection(&frame, "sortBy")
        guard case .list(let list) = collection else {
            throw EvaluationError.noSuchOverload("sortBy", .null).located(range.place)
        }
        var keys: [CELValue] = []
        for index in 0..<list.count {
            try range.bind(index, of: collection, &frame)
            keys.append(try key.evaluate(&frame))
        }
        do throws(EvaluationError) {
            let order = try frame.sortedPositions(keys)
            return .list(.values(order.map { list[$0] }))
        } catch { throw error.located(range.place) }
    }
}
