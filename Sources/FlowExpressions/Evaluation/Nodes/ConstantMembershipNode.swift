/// `in` a list of constants that are told apart as keys are.
final class ConstantMembershipNode: Node {
    /// Up to this many texts a search in order is the faster one.
    private static let hashedAbove = 8

    private let element: any Node
    private let texts: [String]
    private let keys: Set<MapKey>

    /// Makes a node, unless one of the elements is no key.
    init?(_ element: any Node, in elements: [CELValue]) {
        var keys: Set<MapKey> = []
        var texts: [String] = []
        for element in elements {
            guard let key = MapKey(element) else { return nil }
            keys.insert(key)
            if case .string(let text) = element { texts.append(text) }
        }
        self.element = element
        self.keys = keys
        self.texts = elements.count <= Self.hashedAbove ? texts : []
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let element = try element.evaluate(&frame)
        if case .string(let text) = element, !texts.isEmpty {
            for candidate in texts where candidate.hasSameBytes(as: text) { return .bool(true) }
            return .bool(false)
        }
        guard let key = MapKey(element) else { return .bool(false) }
        if case .string(let text) = element { try frame.read(text.utf8.count) }
        return .bool(keys.contains(key))
    }
}
