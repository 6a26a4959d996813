/// Turns an expression as it is written into parts that can be evaluated: names are resolved, macros expanded, and what
/// is constant is computed.
struct Compiler {
    /// What a macro bound.
    struct Local {
        let name: String
        let slot: Int
        /// Whether the binding may hold an error instead of a value.
        let mayFail: Bool
    }

    let options: ExpressionOptions
    private(set) var references: [VariableReference] = []
    var scope: [Local] = []
    /// The bindings of the `cel.block` around, which `cel.index` refers to.
    var block: [Local] = []
    private(set) var slots = 0
    /// What computing constants may still cost: their values are kept.
    private var foldingLimits = EvaluationLimits(steps: 100_000, bytes: 1 << 20)

    init(_ options: ExpressionOptions) { self.options = options }

    /// Takes a slot for a binding. Slots are never used twice, so that no binding overwrites another one.
    mutating func bind(_ name: String, mayFail: Bool = false) -> Local {
        defer { slots += 1 }
        return Local(name: name, slot: slots, mayFail: mayFail)
    }

    mutating func note(_ reference: VariableReference) { references.append(reference) }

    /// Adds a member to the reference that an operand made, when all of the operand is one.
    mutating func extendReference(at index: Int, by member: String, _ operand: Syntax) {
        guard index < references.count, operand.isReference(from: references[index].offset) else { return }
        references[index].members.append(member)
    }

    mutating func compile(_ syntax: Syntax) throws(ExpressionError) -> any Node {
        let place = syntax.place
        switch syntax.form {
        case .constant(let value): return ConstantNode(value)
        case .identifier, .select, .index: return try compileChain(syntax)
        case .call(let name, let target, let arguments, let isAbsolute):
            return try compileCall(name, target, arguments, isAbsolute: isAbsolute, place)
        case .list(let elements): return try compileList(elements, place)
        case .map(let entries): return try compileMap(entries, place)
        case .message(let name):
            throw ExpressionError("unknown type '\(name.shortened)': there are no messages", at: place)
        case .not(let operand):
            let node = try compile(operand)
            return try fold(NotNode(node, place), of: [node], place)
        case .negate(let operand):
            let node = try compile(operand)
            return try fold(NegateNode(node, place), of: [node], place)
        case .arithmetic(let first, let operations): return try compileArithmetic(first, operations, place)
        case .relation(let relation, let left, let right): return try compileRelation(relation, left, right, place)
        case .and(let terms): return LogicNode(try compile(terms), deciding: false, place)
        case .or(let terms): return LogicNode(try compile(terms), deciding: true, place)
        case .conditional(let condition, let yes, let no):
            return ConditionalNode(try compile(condition), yes: try compile(yes), no: try compile(no), place)
        }
    }

    mutating func compile(_ parts: [Syntax]) throws(ExpressionError) -> [any Node] {
        var nodes: [any Node] = []
        for part in parts { nodes.append(try compile(part)) }
        return nodes
    }

    private mutating func compileList(
        _ elements: [Syntax.Element], _ place: SourcePlace
    ) throws(ExpressionError) -> any Node {
        var nodes: [(node: any Node, isOptional: Bool)] = []
        for element in elements { nodes.append((try compile(element.value), element.isOptional)) }
        return try fold(ListNode(nodes, place), of: nodes.map(\.node), place)
    }

    private mutating func compileMap(
        _ entries: [Syntax.Entry], _ place: SourcePlace
    ) throws(ExpressionError) -> any Node {
        var nodes: [(key: any Node, value: any Node, isOptional: Bool)] = []
        for entry in entries {
            nodes.append((try compile(entry.key), try compile(entry.value), entry.isOptional))
        }
        return try fold(MapNode(nodes, place), of: nodes.flatMap { [$0.key, $0.value] }, place)
    }

    private mutating func compileArithmetic(
        _ first: Syntax, _ operations: [Syntax.Operation], _ place: SourcePlace
    ) throws(ExpressionError) -> any Node {
        let node = try compile(first)
        var compiled: [ArithmeticNode.Operation] = []
        for operation in operations {
            compiled.append(
                ArithmeticNode.Operation(
                    symbol: operation.symbol, operand: try compile(operation.operand), place: operation.place))
        }
        return try fold(ArithmeticNode(node, compiled), of: [node] + compiled.map(\.operand), place)
    }

    private mutating func compileRelation(
        _ relation: Syntax.Relation, _ left: Syntax, _ right: Syntax, _ place: SourcePlace
    ) throws(ExpressionError) -> any Node {
        let leftNode = try compile(left)
        let rightNode = try compile(right)
        let node: any Node
        switch relation {
        case .equal: node = EqualityNode(isNegated: false, leftNode, rightNode, place)
        case .notEqual: node = EqualityNode(isNegated: true, leftNode, rightNode, place)
        case .in:
            if case .list(let list) = rightNode.constant,
                let membership = ConstantMembershipNode(leftNode, in: list.elements)
            {
                node = membership
            } else {
                node = MembershipNode(leftNode, in: rightNode, place)
            }
        default: node = OrderNode(relation, leftNode, rightNode, place)
        }
        return try fold(node, of: [leftNode, rightNode], place)
    }

    /// Computes a part whose own parts are all constant.
    ///
    /// - Throws: ``ExpressionError`` when it can only fail for its types, and such errors are refused.
    mutating func fold(_ node: any Node, of parts: [any Node], _ place: SourcePlace) throws(ExpressionError) -> any Node
    {
        guard parts.allSatisfy({ $0 is ConstantNode }) else { return node }
        var frame = Frame([String: CELValue](), slots: 0, limits: foldingLimits)
        defer { foldingLimits = EvaluationLimits(steps: max(0, frame.steps), bytes: max(0, frame.bytes)) }
        do throws(EvaluationError) {
            return ConstantNode(try node.evaluate(&frame))
        } catch {
            // Other errors wait for the evaluation, where a logical operator may absorb them.
            guard options.isChecked, error.code == .noSuchOverload else { return node }
            throw ExpressionError(error.message, at: place)
        }
    }
}

extension Syntax {
    /// Whether the expression is a variable at an offset with constant members behind it, and nothing else.
    fileprivate func isReference(from offset: Int) -> Bool {
        switch form {
        case .identifier: place.offset == offset
        case .select(let operand, _, _): operand.isReference(from: offset)
        case .index(let operand, let key, _):
            if case .constant(.string) = key.form { operand.isReference(from: offset) } else { false }
        default: false
        }
    }
}
