/// A list of parts.
final class ListNode: Node {
    private let elements: [(node: any Node, isOptional: Bool)]
    private let place: SourcePlace

    init(_ elements: [(node: any Node, isOptional: Bool)], _ place: SourcePlace) {
        self.elements = elements
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        try frame.makeElements(elements.count)
        var values: [CELValue] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            let value = try element.node.evaluate(&frame)
            if element.isOptional {
                guard case .optional(let optional) = value else {
                    throw EvaluationError.noSuchOverload("[?_]", value).located(place)
                }
                if let inner = optional.value { values.append(inner) }
            } else {
                values.append(value)
            }
        }
        return .list(.values(values))
    }
}

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
