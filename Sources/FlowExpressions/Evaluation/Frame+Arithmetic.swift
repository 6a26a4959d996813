extension Frame {
    /// The result of an operator.
    ///
    /// JSON does not tell 5 from 5.0: an integer that meets a double becomes one, unless both are literals.
    mutating func apply(
        _ symbol: Syntax.Arithmetic, _ left: CELValue, _ right: CELValue, isStrict: Bool
    ) throws(EvaluationError) -> CELValue {
        switch (left, right) {
        case (.int(let a), .int(let b)): return .int(try Self.integer(symbol, a, b))
        case (.double(let a), .double(let b)): if let number = Self.double(symbol, a, b) { return .double(number) }
        case (.uint(let a), .uint(let b)): return .uint(try Self.integer(symbol, a, b))
        case (.int(let a), .double(let b)) where !isStrict:
            if let number = Self.double(symbol, Double(a), b) { return .double(number) }
        case (.double(let a), .int(let b)) where !isStrict:
            if let number = Self.double(symbol, a, Double(b)) { return .double(number) }
        default:
            if symbol == .add, let sum = try concatenation(left, right) { return sum }
            if let time = try Self.time(symbol, left, right) { return time }
        }
        throw EvaluationError.noSuchOperator(symbol.rawValue, left, right)
    }

    private static func integer<Integer: FixedWidthInteger>(
        _ symbol: Syntax.Arithmetic, _ left: Integer, _ right: Integer
    ) throws(EvaluationError) -> Integer {
        let result: (partialValue: Integer, overflow: Bool)
        switch symbol {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide, .remainder:
            guard right != 0 else {
                throw EvaluationError(.divisionByZero, symbol == .divide ? "division by zero" : "remainder of zero")
            }
            result =
                symbol == .divide
                ? left.dividedReportingOverflow(by: right) : left.remainderReportingOverflow(dividingBy: right)
        }
        guard !result.overflow else { throw EvaluationError(.overflow, "integer overflow") }
        return result.partialValue
    }

    private static func double(_ symbol: Syntax.Arithmetic, _ left: Double, _ right: Double) -> Double? {
        switch symbol {
        case .add: left + right
        case .subtract: left - right
        case .multiply: left * right
        case .divide: left / right
        case .remainder: nil
        }
    }

    private mutating func concatenation(_ left: CELValue, _ right: CELValue) throws(EvaluationError) -> CELValue? {
        switch (left, right) {
        case (.string(let a), .string(let b)):
            try write(a.utf8.count + b.utf8.count)
            return .string(a + b)
        case (.bytes(let a), .bytes(let b)):
            try write(a.count + b.count)
            return .bytes(a + b)
        case (.list(let a), .list(let b)):
            if a.count == 0 { return right }
            if b.count == 0 { return left }
            try makeElements(a.count + b.count)
            try step(a.count + b.count)
            if case .json(let a) = a, case .json(let b) = b { return .list(.json(a + b)) }
            return .list(.values(a.elements + b.elements))
        default: return nil
        }
    }

    private static func time(
        _ symbol: Syntax.Arithmetic, _ left: CELValue, _ right: CELValue
    ) throws(EvaluationError) -> CELValue? {
        switch (symbol, left, right) {
        case (.add, .timestamp(let time), .duration(let span)), (.add, .duration(let span), .timestamp(let time)):
            .timestamp(try time.adding(span.nanoseconds))
        case (.subtract, .timestamp(let time), .duration(let span)):
            .timestamp(try time.adding(-Int128(span.nanoseconds)))
        case (.subtract, .timestamp(let end), .timestamp(let start)): .duration(try end.since(start))
        case (.add, .duration(let a), .duration(let b)):
            .duration(try CELDuration(checked: Int128(a.nanoseconds) + Int128(b.nanoseconds)))
        case (.subtract, .duration(let a), .duration(let b)):
            .duration(try CELDuration(checked: Int128(a.nanoseconds) - Int128(b.nanoseconds)))
        default: nil
        }
    }
}
