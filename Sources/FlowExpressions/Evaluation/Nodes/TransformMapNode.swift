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
