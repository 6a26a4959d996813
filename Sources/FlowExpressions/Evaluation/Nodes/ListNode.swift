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
