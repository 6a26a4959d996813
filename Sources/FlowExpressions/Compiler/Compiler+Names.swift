extension Compiler {
    /// One step of a chain such as `a.b["c"][0]`.
    private enum Step {
        case member(String, isOptional: Bool, SourcePlace)
        /// A constant text in brackets, which selects as a member does.
        case key(String, SourcePlace)
        case index(Syntax, isOptional: Bool, SourcePlace)

        /// The name of the member, when it is known.
        var name: String? {
            switch self {
            case .member(let name, _, _), .key(let name, _): name
            case .index(let key, _, _): if case .constant(.string(let name)) = key.form { name } else { nil }
            }
        }
    }

    /// Compiles what is selected from a value, and notes the variable that it begins with.
    mutating func compileChain(_ syntax: Syntax) throws(ExpressionError) -> any Node {
        var (base, steps) = Self.unwind(syntax)
        var node: any Node
        if case .identifier(let name, let isAbsolute) = base.form {
            let local = isAbsolute ? nil : scope.last { $0.name == name }
            if let local {
                node = LocalNode(slot: local.slot, mayFail: local.mayFail)
            } else {
                node = compileVariable(name, isAbsolute: isAbsolute, &steps, base.place)
            }
        } else {
            node = try compile(base)
        }
        for step in steps {
            switch step {
            case .member(let name, let isOptional, let place):
                let selection = SelectNode(node, name: name, isOptional: isOptional, place)
                node = try fold(selection, of: [node], place)
            case .key(let name, let place):
                let index = IndexNode(node, key: ConstantNode(.string(name)), isOptional: false, place)
                node = try fold(index, of: [node], place)
            case .index(let key, let isOptional, let place):
                let keyNode = try compile(key)
                node = try fold(
                    IndexNode(node, key: keyNode, isOptional: isOptional, place), of: [node, keyNode], place)
            }
        }
        return node
    }

    /// Takes a chain apart: what it begins with, and its steps in order.
    private static func unwind(_ syntax: Syntax) -> (Syntax, [Step]) {
        var steps: [Step] = []
        var base = syntax
        while true {
            switch base.form {
            case .select(let operand, let field, let isOptional):
                steps.append(.member(field, isOptional: isOptional, base.place))
                base = operand
            case .index(let operand, let key, let isOptional):
                if !isOptional, case .constant(.string(let name)) = key.form {
                    steps.append(.key(name, base.place))
                } else {
                    steps.append(.index(key, isOptional: isOptional, base.place))
                }
                base = operand
            default: return (base, steps.reversed())
            }
        }
    }

    /// Compiles a variable with the members behind it that need no evaluation, which are taken from the steps.
    private mutating func compileVariable(
        _ name: String, isAbsolute: Bool, _ steps: inout [Step], _ place: SourcePlace
    ) -> any Node {
        let plain = steps.prefix { if case .member(_, false, _) = $0 { true } else { false } }.compactMap(\.name)
        let parts = [name] + plain
        let type = parts.indices.reversed().lazy.compactMap { last in
            CELType.named[parts[...last].joined(separator: ".")].map { ($0, last + 1) }
        }.first
        if options.hasQualifiedVariables || !options.container.isEmpty || type != nil {
            steps.removeFirst(plain.count)
            if type == nil { note(name, plain, steps, place) }
            return QualifiedNameNode(
                candidates: candidates(parts, isAbsolute: isAbsolute), parts: parts, type: type, place)
        }
        note(name, [], steps, place)
        var members: [String] = []
        while let step = steps.first {
            switch step {
            case .member(let name, false, _), .key(let name, _): members.append(name)
            default: return VariableNode(name, members: members, place)
            }
            steps.removeFirst()
        }
        return VariableNode(name, members: members, place)
    }

    private mutating func note(_ root: String, _ members: [String], _ steps: [Step], _ place: SourcePlace) {
        let names = steps.prefix { $0.name != nil }.compactMap(\.name)
        note(VariableReference(root: root, members: members + names, column: place.column, offset: place.offset))
    }

    /// What a name may stand for: the longest first, and of each the one in the innermost namespace first.
    private func candidates(_ parts: [String], isAbsolute: Bool) -> [(name: String, parts: Int)] {
        var namespaces = [""]
        if !isAbsolute, !options.container.isEmpty {
            var names = options.container.split(separator: ".")
            namespaces = []
            while !names.isEmpty {
                namespaces.append(names.joined(separator: ".") + ".")
                names.removeLast()
            }
            namespaces.append("")
        }
        let lengths = options.hasQualifiedVariables ? Array((1...parts.count).reversed()) : [1]
        return lengths.flatMap { length in
            namespaces.map { ($0 + parts[..<length].joined(separator: "."), length) }
        }
    }
}
