extension Parser {
    /// Words that no variable may have as its name.
    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]

    /// A primary expression with what is selected from it.
    mutating func member() throws(ExpressionError) -> Syntax { try members(of: try primary()) }

    /// What is selected from an expression: members, elements and calls.
    mutating func members(of primary: Syntax) throws(ExpressionError) -> Syntax {
        var operand = primary
        while true {
            let place = token.place
            if try take(.dot) {
                operand = try selection(from: operand)
            } else if try take(.leftBracket) {
                let isOptional = try take(.question)
                let key = try expression()
                try expect(.rightBracket)
                operand = try make(.index(operand, key, isOptional: isOptional), place, over: operand, key)
            } else if token.isSymbol(.leftBrace), let name = operand.qualifiedName {
                operand = try message(name, operand.place)
            } else {
                return operand
            }
        }
    }

    private mutating func selection(from operand: Syntax) throws(ExpressionError) -> Syntax {
        let isOptional = try take(.question)
        let place = token.place
        switch token.kind {
        case .identifier(let name):
            try advance()
            if !isOptional, try take(.leftParenthesis) {
                let arguments = try self.arguments()
                let depth = max(operand.depth, arguments.lazy.map(\.depth).max() ?? 0)
                return try make(
                    .call(function: name, target: operand, arguments: arguments, isAbsolute: false), place, over: depth)
            }
            return try make(.select(operand, field: name, isOptional: isOptional), place, over: operand)
        case .quotedIdentifier(let name):
            try advance()
            return try make(.select(operand, field: name, isOptional: isOptional), place, over: operand)
        default: throw unexpected("a member's name")
        }
    }

    /// Arguments up to the closing parenthesis.
    private mutating func arguments() throws(ExpressionError) -> [Syntax] {
        var arguments: [Syntax] = []
        if try take(.rightParenthesis) { return arguments }
        repeat { arguments.append(try expression()) } while try take(.comma)
        try expect(.rightParenthesis)
        return arguments
    }

    private mutating func primary() throws(ExpressionError) -> Syntax {
        let place = token.place
        switch token.kind {
        case .int(let magnitude):
            guard let number = Int64(exactly: magnitude) else { throw error("the integer is beyond 64 bits") }
            return try constant(.int(number))
        case .uint(let number): return try constant(.uint(number))
        case .double(let number): return try constant(.double(number))
        case .string(let text): return try constant(.string(text))
        case .bytes(let bytes): return try constant(.bytes(bytes))
        case .true: return try constant(.bool(true))
        case .false: return try constant(.bool(false))
        case .null: return try constant(.null)
        case .identifier(let name):
            try advance()
            return try identifier(name, place, isAbsolute: false)
        case .symbol(.dot):
            try advance()
            guard case .identifier(let name) = token.kind else { throw unexpected("a name") }
            try advance()
            return try identifier(name, place, isAbsolute: true)
        case .symbol(.leftParenthesis):
            try advance()
            let inner = try expression()
            try expect(.rightParenthesis)
            return inner
        case .symbol(.leftBracket): return try list()
        case .symbol(.leftBrace): return try map()
        default: throw unexpected("an expression")
        }
    }

    private mutating func constant(_ value: CELValue) throws(ExpressionError) -> Syntax {
        let place = token.place
        try advance()
        return try make(.constant(value), place)
    }

    private mutating func identifier(
        _ name: String, _ place: SourcePlace, isAbsolute: Bool
    ) throws(ExpressionError) -> Syntax {
        if try take(.leftParenthesis) {
            let arguments = try self.arguments()
            let depth = arguments.lazy.map(\.depth).max() ?? 0
            return try make(
                .call(function: name, target: nil, arguments: arguments, isAbsolute: isAbsolute), place, over: depth)
        }
        guard !Self.reserved.contains(name) else { throw ExpressionError("'\(name)' is a reserved word", at: place) }
        return try make(.identifier(name, isAbsolute: isAbsolute), place)
    }

    private mutating func list() throws(ExpressionError) -> Syntax {
        let place = token.place
        try advance()
        var elements: [Syntax.Element] = []
        var depth = 0
        while !token.isSymbol(.rightBracket) {
            let isOptional = try take(.question)
            let value = try expression()
            depth = max(depth, value.depth)
            elements.append(Syntax.Element(value: value, isOptional: isOptional))
            guard try take(.comma) else { break }
        }
        try expect(.rightBracket)
        return try make(.list(elements), place, over: depth)
    }

    private mutating func map() throws(ExpressionError) -> Syntax {
        let place = token.place
        try advance()
        var entries: [Syntax.Entry] = []
        var depth = 0
        while !token.isSymbol(.rightBrace) {
            let isOptional = try take(.question)
            let key = try expression()
            try expect(.colon)
            let value = try expression()
            depth = max(depth, key.depth, value.depth)
            entries.append(Syntax.Entry(key: key, value: value, isOptional: isOptional))
            guard try take(.comma) else { break }
        }
        try expect(.rightBrace)
        return try make(.map(entries), place, over: depth)
    }

    /// The fields of a message. They are read, so that the error is the one about the type.
    private mutating func message(_ name: String, _ place: SourcePlace) throws(ExpressionError) -> Syntax {
        try advance()
        var depth = 0
        while !token.isSymbol(.rightBrace) {
            _ = try take(.question)
            switch token.kind {
            case .identifier, .quotedIdentifier: try advance()
            default: throw unexpected("a field's name")
            }
            try expect(.colon)
            depth = max(depth, try expression().depth)
            guard try take(.comma) else { break }
        }
        try expect(.rightBrace)
        return try make(.message(name), place, over: depth)
    }
}

extension Syntax {
    /// The name that a chain of plain names spells, as `a.b.c`.
    var qualifiedName: String? {
        switch form {
        case .identifier(let name, _): name
        case .select(let operand, let field, false): operand.qualifiedName.map { $0 + "." + field }
        default: nil
        }
    }
}
