extension Compiler {
    /// Expands a macro, unless the call is none.
    ///
    /// - Throws: ``ExpressionError`` when the macro is called with what it does not take.
    mutating func compileMacro(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], _ place: SourcePlace
    ) throws(ExpressionError) -> (any Node)? {
        guard let target else {
            guard name == "has", arguments.count == 1 else { return nil }
            return try compilePresence(arguments[0], place)
        }
        if case .identifier("cel", _) = target.form, !scope.contains(where: { $0.name == "cel" }) {
            return try compileBinding(name, arguments, place)
        }
        switch (name, arguments.count) {
        case ("all", 2...3), ("exists", 2...3), ("exists_one", 2...3), ("existsOne", 2...3), ("filter", 2):
            return try compileTest(name, target, arguments, place)
        case ("map", 2...3):
            return try compileTransform(target, variables: 1, arguments, place) { range, filter, transform in
                TransformListNode(range, filter: filter, transform: transform)
            }
        case ("transformList", 3...4):
            return try compileTransform(target, variables: 2, arguments, place) { range, filter, transform in
                TransformListNode(range, filter: filter, transform: transform)
            }
        case ("transformMap", 3...4), ("transformMapEntry", 3...4):
            return try compileTransform(target, variables: 2, arguments, place) { range, filter, transform in
                TransformMapNode(
                    range, filter: filter, transform: transform, givesEntries: name == "transformMapEntry")
            }
        case ("sortBy", 2):
            return try compileTransform(target, variables: 1, arguments, place) { range, _, key in
                SortByNode(range, key: key)
            }
        case ("optMap", 2), ("optFlatMap", 2):
            let operand = try compile(target)
            let local = bind(try simpleName(arguments[0]))
            let transform = try compile(arguments[1], with: [local])
            return OptionalMapNode(operand, slot: local.slot, transform: transform, isFlat: name == "optFlatMap", place)
        default: return nil
        }
    }

    /// `has(a.b)`.
    private mutating func compilePresence(_ argument: Syntax, _ place: SourcePlace) throws(ExpressionError) -> any Node
    {
        guard case .select(let operand, let field, _) = argument.form else {
            throw ExpressionError("has() takes the selection of a member, as in has(a.b)", at: argument.start)
        }
        let count = references.count
        let node = try compile(operand)
        extendReference(at: count, by: field, operand)
        return PresenceNode(node, name: field, place)
    }

    private mutating func compileTest(
        _ name: String, _ target: Syntax, _ arguments: [Syntax], _ place: SourcePlace
    ) throws(ExpressionError) -> any Node {
        let (range, locals) = try compileRange(target, variables: arguments.count - 1, arguments, place)
        guard let last = arguments.last else { throw ExpressionError("\(name)() has no arguments", at: place) }
        let predicate = try compile(last, with: locals)
        switch name {
        case "all": return QuantifierNode(range, predicate, deciding: false)
        case "exists": return QuantifierNode(range, predicate, deciding: true)
        case "filter": return TransformListNode(range, filter: predicate, transform: nil)
        default: return ExistsOneNode(range, predicate)
        }
    }

    /// A macro with variables, a filter that may be missing, and a transformation.
    private mutating func compileTransform(
        _ target: Syntax, variables: Int, _ arguments: [Syntax], _ place: SourcePlace,
        _ make: (MacroRange, (any Node)?, any Node) -> any Node
    ) throws(ExpressionError) -> any Node {
        let (range, locals) = try compileRange(target, variables: variables, arguments, place)
        var nodes: [any Node] = []
        for argument in arguments[variables...] { nodes.append(try compile(argument, with: locals)) }
        return make(range, nodes.count > 1 ? nodes[0] : nil, nodes[nodes.count - 1])
    }

    private mutating func compileRange(
        _ target: Syntax, variables: Int, _ arguments: [Syntax], _ place: SourcePlace
    ) throws(ExpressionError) -> (MacroRange, [Local]) {
        let node = try compile(target)
        var locals: [Local] = []
        for argument in arguments[..<variables] {
            let name = try simpleName(argument)
            guard !locals.contains(where: { $0.name == name }) else {
                throw ExpressionError("the macro binds '\(name)' twice", at: argument.place)
            }
            locals.append(bind(name))
        }
        let second = locals.count > 1 ? locals[1].slot : nil
        return (MacroRange(node: node, first: locals[0].slot, second: second, place: place), locals)
    }

    /// Compiles an expression in which names are bound.
    private mutating func compile(_ syntax: Syntax, with locals: [Local]) throws(ExpressionError) -> any Node {
        let outer = scope.count
        scope += locals
        defer { scope.removeLast(scope.count - outer) }
        return try compile(syntax)
    }

    // MARK: cel.bind and cel.block

    private mutating func compileBinding(
        _ name: String, _ arguments: [Syntax], _ place: SourcePlace
    ) throws(ExpressionError) -> (any Node)? {
        switch (name, arguments.count) {
        case ("bind", 3):
            let value = try compile(arguments[1])
            let local = bind(try simpleName(arguments[0]), mayFail: true)
            return BindNode([(local.slot, value)], result: try compile(arguments[2], with: [local]))
        case ("block", 2): return try compileBlock(arguments[0], arguments[1])
        case ("index", 1):
            guard case .constant(.int(let index)) = arguments[0].form, index >= 0, index < block.count else {
                throw ExpressionError("cel.index() takes the position of a value of the block before it", at: place)
            }
            return LocalNode(slot: block[Int(index)].slot, mayFail: true)
        case ("iterVar", 2), ("accuVar", 2):
            guard let variable = Self.blockVariable(name, arguments),
                let local = scope.last(where: { $0.name == variable })
            else { throw ExpressionError("cel.\(name)() refers to no variable of a macro around it", at: place) }
            return LocalNode(slot: local.slot, mayFail: local.mayFail)
        default: return nil
        }
    }

    /// `cel.block([a, b], expression)`, where each value may use those before it.
    private mutating func compileBlock(_ list: Syntax, _ result: Syntax) throws(ExpressionError) -> any Node {
        guard case .list(let elements) = list.form else {
            throw ExpressionError("cel.block() takes a list first", at: list.place)
        }
        let outer = block
        defer { block = outer }
        block = []
        var bindings: [(slot: Int, node: any Node)] = []
        for element in elements {
            guard !element.isOptional else {
                throw ExpressionError("cel.block() takes no optional values", at: element.value.place)
            }
            let node = try compile(element.value)
            let local = bind("", mayFail: true)
            bindings.append((local.slot, node))
            block.append(local)
        }
        return BindNode(bindings, result: try compile(result))
    }

    private static func blockVariable(_ name: String, _ arguments: [Syntax]) -> String? {
        guard case .constant(.int(let depth)) = arguments[0].form, case .constant(.int(let index)) = arguments[1].form
        else { return nil }
        return "@\(name):\(depth):\(index)"
    }

    /// The name that a macro binds.
    private func simpleName(_ syntax: Syntax) throws(ExpressionError) -> String {
        switch syntax.form {
        case .identifier(let name, isAbsolute: false): return name
        case .call(let function, let target?, let arguments, _) where function == "iterVar" && arguments.count == 2:
            if case .identifier("cel", _) = target.form, let name = Self.blockVariable(function, arguments) {
                return name
            }
        default: break
        }
        throw ExpressionError("the macro takes a simple name here", at: syntax.start)
    }
}
