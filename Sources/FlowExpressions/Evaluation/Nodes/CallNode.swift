/// A call of a function of the library.
final class CallNode: Node {
    private let function: Function
    private let arguments: [any Node]
    /// The pattern among the arguments, when it is a constant.
    private let pattern: Pattern?
    private let place: SourcePlace

    /// Makes a call.
    ///
    /// - Throws: ``EvaluationError`` when a constant pattern is malformed.
    init(_ function: Function, _ arguments: [any Node], _ place: SourcePlace) throws(EvaluationError) {
        self.function = function
        self.arguments = arguments
        self.place = place
        if case .pattern = function, case .string(let text) = arguments[1].constant {
            pattern = try Pattern(text)
        } else {
            pattern = nil
        }
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        switch function {
        case .unary(let body):
            let argument = try arguments[0].evaluate(&frame)
            do throws(EvaluationError) { return try body(argument, &frame) } catch { throw error.located(place) }
        case .binary(let body):
            let first = try arguments[0].evaluate(&frame)
            let second = try arguments[1].evaluate(&frame)
            do throws(EvaluationError) { return try body(first, second, &frame) } catch { throw error.located(place) }
        case .variadic(let body):
            let values = try values(&frame)
            do throws(EvaluationError) { return try body(values, &frame) } catch { throw error.located(place) }
        case .pattern(let body):
            let values = try values(&frame)
            do throws(EvaluationError) {
                if let pattern { return try body(values, pattern, &frame) }
                return try body(values, compile(values[1], &frame), &frame)
            } catch { throw error.located(place) }
        }
    }

    private func values(_ frame: inout Frame) throws(EvaluationError) -> [CELValue] {
        var values: [CELValue] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(try argument.evaluate(&frame)) }
        return values
    }

    private func compile(_ value: CELValue, _ frame: inout Frame) throws(EvaluationError) -> Pattern {
        guard case .string(let text) = value else { throw .noSuchOverload("matches", value) }
        try frame.read(text.utf8.count * 16)
        let pattern = try Pattern(text)
        try frame.step(pattern.size)
        return pattern
    }
}
