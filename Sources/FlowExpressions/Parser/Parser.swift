/// Reads an expression by descending into its operators, with a bound on how deep.
struct Parser {
    private var lexer: Lexer
    private(set) var token: Token
    private var nesting = 0
    private let start: SourcePlace
    private let options: ExpressionOptions

    /// Begins to read at a place of a text.
    ///
    /// - Throws: ``ExpressionError`` when no token begins there.
    init(_ source: [UInt8], from place: SourcePlace = .start, options: ExpressionOptions) throws(ExpressionError) {
        self.options = options
        start = place
        lexer = Lexer(source, from: place)
        token = Token(kind: .end, place: place)
        try advance()
    }

    /// Reads a text that is one expression as a whole.
    ///
    /// - Throws: ``ExpressionError`` at the first token that does not fit.
    static func parse(_ source: String, options: ExpressionOptions) throws(ExpressionError) -> Syntax {
        var parser = try Parser(Array(source.utf8), options: options)
        let syntax = try parser.expression()
        guard case .end = parser.token.kind else { throw parser.unexpected() }
        return syntax
    }

    /// Reads an expression that stands in another text and is closed by a brace.
    ///
    /// - Returns: the expression and the place behind its brace.
    /// - Throws: ``ExpressionError`` at the first token that does not fit, or when the brace is missing.
    static func parseEmbedded(
        _ source: [UInt8], from place: SourcePlace, options: ExpressionOptions
    ) throws(ExpressionError) -> (syntax: Syntax, end: SourcePlace) {
        var parser = try Parser(source, from: place, options: options)
        if case .end = parser.token.kind { throw parser.error("'${' is not closed by '}'") }
        if parser.token.isSymbol(.rightBrace) { throw parser.error("'${}' holds no expression") }
        let syntax = try parser.expression()
        if case .end = parser.token.kind { throw parser.error("'${' is not closed by '}'") }
        // The brace is looked at and not passed: what follows it is no expression.
        guard parser.token.isSymbol(.rightBrace) else { throw parser.unexpected("'}'") }
        let brace = parser.token.place
        return (syntax, SourcePlace(offset: brace.offset + 1, column: brace.column + 1))
    }

    // MARK: Tokens

    mutating func advance() throws(ExpressionError) {
        token = try lexer.next()
        guard lexer.position - start.offset <= options.maxBytes else {
            throw ExpressionError("the expression is longer than \(options.maxBytes) bytes", at: start)
        }
    }

    mutating func take(_ symbol: Token.Symbol) throws(ExpressionError) -> Bool {
        guard token.isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: Token.Symbol) throws(ExpressionError) {
        guard try take(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    func unexpected(_ expected: String? = nil) -> ExpressionError {
        error("unexpected \(token.text)" + (expected.map { ", expected \($0)" } ?? ""))
    }

    func error(_ message: String) -> ExpressionError { ExpressionError(message, at: token.place) }

    // MARK: Depth

    func make(_ form: Syntax.Form, _ place: SourcePlace, over parts: Syntax?...) throws(ExpressionError) -> Syntax {
        try make(form, place, over: parts.lazy.compactMap { $0?.depth }.max() ?? 0)
    }

    func make(_ form: Syntax.Form, _ place: SourcePlace, over depth: Int) throws(ExpressionError) -> Syntax {
        guard depth < options.maxDepth else { throw tooDeep(place) }
        return Syntax(form: form, place: place, depth: depth + 1)
    }

    private func tooDeep(_ place: SourcePlace) -> ExpressionError {
        ExpressionError("the expression nests deeper than \(options.maxDepth) levels", at: place)
    }

    // MARK: Expressions

    /// An expression of the lowest rank.
    mutating func expression() throws(ExpressionError) -> Syntax {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= options.maxDepth else { throw tooDeep(token.place) }
        let condition = try disjunction()
        guard token.isSymbol(.question) else { return condition }
        let place = token.place
        try advance()
        let yes = try disjunction()
        try expect(.colon)
        let no = try expression()
        return try make(.conditional(condition, yes, no), place, over: condition, yes, no)
    }

    private mutating func disjunction() throws(ExpressionError) -> Syntax {
        let first = try conjunction()
        guard token.isSymbol(.or) else { return first }
        let place = token.place
        var terms = [first]
        while try take(.or) { terms.append(try conjunction()) }
        return try make(.or(terms), place, over: terms.lazy.map(\.depth).max() ?? 0)
    }

    private mutating func conjunction() throws(ExpressionError) -> Syntax {
        let first = try relation()
        guard token.isSymbol(.and) else { return first }
        let place = token.place
        var terms = [first]
        while try take(.and) { terms.append(try relation()) }
        return try make(.and(terms), place, over: terms.lazy.map(\.depth).max() ?? 0)
    }

    private mutating func relation() throws(ExpressionError) -> Syntax {
        var left = try arithmetic(isProduct: false)
        while let relation = token.relation {
            let place = token.place
            try advance()
            let right = try arithmetic(isProduct: false)
            left = try make(.relation(relation, left, right), place, over: left, right)
        }
        return left
    }

    private mutating func arithmetic(isProduct: Bool) throws(ExpressionError) -> Syntax {
        let first = isProduct ? try unary() : try arithmetic(isProduct: true)
        guard token.arithmetic(isProduct: isProduct) != nil else { return first }
        let start = token.place
        var operations: [Syntax.Operation] = []
        var depth = first.depth
        while let symbol = token.arithmetic(isProduct: isProduct) {
            let place = token.place
            try advance()
            let operand = isProduct ? try unary() : try arithmetic(isProduct: true)
            depth = max(depth, operand.depth)
            operations.append(Syntax.Operation(symbol: symbol, operand: operand, place: place))
        }
        return try make(.arithmetic(first, operations), start, over: depth)
    }

    private mutating func unary() throws(ExpressionError) -> Syntax {
        var places: [SourcePlace] = []
        let isNegation = token.isSymbol(.minus)
        guard isNegation || token.isSymbol(.not) else { return try member() }
        while token.isSymbol(isNegation ? .minus : .not) {
            places.append(token.place)
            try advance()
        }
        // A sign directly before a number belongs to the number, so that the least integer can be written.
        var operand: Syntax
        if isNegation, let place = places.last, let literal = try negativeLiteral(place) {
            places.removeLast()
            operand = try members(of: literal)
        } else {
            operand = try member()
        }
        for place in places.reversed() {
            operand = try make(isNegation ? .negate(operand) : .not(operand), place, over: operand)
        }
        return operand
    }

    private mutating func negativeLiteral(_ place: SourcePlace) throws(ExpressionError) -> Syntax? {
        let value: CELValue
        switch token.kind {
        case .int(let magnitude):
            guard magnitude <= Int64.min.magnitude else { throw error("the integer is beyond 64 bits") }
            value = .int(Int64(truncatingIfNeeded: 0 &- magnitude))
        case .double(let number): value = .double(-number)
        default: return nil
        }
        try advance()
        return try make(.constant(value), place)
    }
}

extension Token {
    var relation: Syntax.Relation? {
        switch kind {
        case .in: .in
        case .symbol(let symbol): Syntax.Relation(rawValue: symbol.rawValue)
        default: nil
        }
    }

    func arithmetic(isProduct: Bool) -> Syntax.Arithmetic? {
        guard case .symbol(let symbol) = kind else { return nil }
        switch symbol {
        case .plus, .minus: return isProduct ? nil : Syntax.Arithmetic(rawValue: symbol.rawValue)
        case .times, .divide, .remainder: return isProduct ? Syntax.Arithmetic(rawValue: symbol.rawValue) : nil
        default: return nil
        }
    }
}
