extension Compiler {
    mutating func compileCall(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], isAbsolute: Bool, _ place: SourcePlace
    ) throws(ExpressionError) -> any Node {
        if options.hasMacros, let node = try compileMacro(name, target, arguments, place) { return node }
        // `math.abs(x)` is a call of one function with a point in its name, unless `math` is bound by a macro.
        if let target, let namespace = target.qualifiedName, !isLocal(target) {
            let qualified = namespace + "." + name
            if let node = try compileFunction(qualified, isMethod: false, arguments, place) { return node }
            if options.isChecked, Library.standard.names.contains(qualified) {
                throw wrongCount(qualified, arguments.count, place)
            }
        }
        let all = (target.map { [$0] } ?? []) + arguments
        if let node = try compileFunction(name, isMethod: target != nil, all, place) { return node }
        guard options.isChecked else {
            for argument in all { _ = try compile(argument) }
            return FailureNode(EvaluationError(.undeclared, "undeclared function '\(name)'", column: place.column))
        }
        if Library.standard.names.contains(name) { throw wrongCount(name, arguments.count, place) }
        throw ExpressionError("undeclared function '\(name.shortened)'", at: place)
    }

    private func wrongCount(_ name: String, _ count: Int, _ place: SourcePlace) -> ExpressionError {
        ExpressionError("no function '\(name)' is called like this with \(count) arguments", at: place)
    }

    private func isLocal(_ syntax: Syntax) -> Bool {
        switch syntax.form {
        case .identifier(let name, let isAbsolute): !isAbsolute && scope.contains { $0.name == name }
        case .select(let operand, _, _): isLocal(operand)
        default: false
        }
    }

    private mutating func compileFunction(
        _ name: String, isMethod: Bool, _ arguments: [Syntax], _ place: SourcePlace
    ) throws(ExpressionError) -> (any Node)? {
        guard let function = Library.standard.function(name, isMethod: isMethod, count: arguments.count) else {
            return nil
        }
        let nodes = try compile(arguments)
        let call: CallNode
        do throws(EvaluationError) {
            call = try CallNode(function, nodes, place)
        } catch {
            guard options.isChecked else { return FailureNode(error.located(place)) }
            throw ExpressionError(error.message, at: place)
        }
        // `dyn` hides what is known about a value, also from the compiler.
        return name == "dyn" ? call : try fold(call, of: nodes, place)
    }
}
