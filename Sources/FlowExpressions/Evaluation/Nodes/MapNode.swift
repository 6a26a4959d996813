/// A map of parts.
final class MapNode: Node {
    private let entries: [(key: any Node, value: any Node, isOptional: Bool)]
    private let place: SourcePlace

    init(_ entries: [(key: any Node, value: any Node, isOptional: Bool)], _ place: SourcePlace) {
        self.entries = entries
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        try frame.makeElements(entries.count * 3)
        var builder = CELEntries.Builder()
        for entry in entries {
            let key = try entry.key.evaluate(&frame)
            var value = try entry.value.evaluate(&frame)
            do throws(EvaluationError) {
                if entry.isOptional {
                    guard case .optional(let optional) = value else {
                        throw EvaluationError.noSuchOverload("{?_: _}", value)
                    }
                    guard let inner = optional.value else { continue }
                    value = inner
                }
                try frame.add(key, value, to: &builder)
            } catch { throw error.located(place) }
        }
        return .map(builder.map)
    }
}
