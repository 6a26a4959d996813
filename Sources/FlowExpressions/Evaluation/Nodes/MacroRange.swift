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
