/// `<`, `<=`, `>` and `>=`.
final class OrderNode: Node {
    private let relation: Syntax.Relation
    private let left: any Node
    private let right: any Node
    private let place: SourcePlace

    init(_ relation: Syntax.Relation, _ left: any Node, _ right: any Node, _ place: SourcePlace) {
        self.relation = relation
        self.left = left
        self.right = right
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let left = try left.evaluate(&frame)
        let right = try right.evaluate(&frame)
        do throws(EvaluationError) {
            guard let order = try frame.order(left, right) else {
                throw EvaluationError.noSuchOperator(relation.rawValue, left, right)
            }
            switch relation {
            case .less: return .bool(order == .less)
            case .lessOrEqual: return .bool(order == .less || order == .equal)
            case .greater: return .bool(order == .greater)
            default: return .bool(order == .greater || order == .equal)
            }
        } catch { throw error.located(place) }
    }
}

/// `==` and `!=`.
final class EqualityNode: Node {
    private let isNegated: Bool
    private let left: any Node
    private let right: any Node
    private let place: SourcePlace

    init(isNegated: Bool, _ left: any Node, _ right: any Node, _ place: SourcePlace) {
        self.isNegated = isNegated
        self.left = left
        self.right = right
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let left = try left.evaluate(&frame)
        let right = try right.evaluate(&frame)
        do throws(EvaluationError) {
            return .bool(try frame.areEqual(left, right) != isNegated)
        } catch { throw error.located(place) }
    }
}

/// `in`.
final class MembershipNode: Node {
    private let element: any Node
    private let collection: any Node
    private let place: SourcePlace

    init(_ element: any Node, in collection: any Node, _ place: SourcePlace) {
        self.element = element
        self.collection = collection
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let element = try element.evaluate(&frame)
        let collection = try collection.evaluate(&frame)
        do throws(EvaluationError) {
            switch collection {
            case .list(let list): return .bool(try frame.contains(list, element))
            case .map(let map): return .bool(try frame.lookUp(element, in: map) != nil)
            default: throw EvaluationError.noSuchOperator("in", element, collection)
            }
        } catch { throw error.located(place) }
    }
}

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
