extension Library {
    /// The functions of `math`.
    mutating func addMath() {
        global("math.greatest", count: nil) { arguments, frame throws(EvaluationError) in
            try Self.extreme("math.greatest", arguments, .greater, &frame)
        }
        global("math.least", count: nil) { arguments, frame throws(EvaluationError) in
            try Self.extreme("math.least", arguments, .less, &frame)
        }
        rounding("math.ceil") { $0.rounded(.up) }
        rounding("math.floor") { $0.rounded(.down) }
        rounding("math.round") { $0.rounded(.toNearestOrAwayFromZero) }
        rounding("math.trunc") { $0.rounded(.towardZero) }
        test("math.isNaN") { $0.isNaN }
        test("math.isInf") { $0.isInfinite }
        test("math.isFinite") { $0.isFinite }
        global("math.abs") { value, _ throws(EvaluationError) in
            switch value {
            case .int(.min): throw EvaluationError(.overflow, "integer overflow")
            case .int(let number): return .int(abs(number))
            case .uint: return value
            case .double(let number): return .double(number.magnitude)
            default: throw .noSuchOverload("math.abs", value)
            }
        }
        global("math.sign") { value, _ throws(EvaluationError) in
            switch value {
            case .int(let number): return .int(number.signum())
            case .uint(let number): return .uint(number.signum())
            case .double(let number): return .double(number.isNaN ? number : number > 0 ? 1 : number < 0 ? -1 : 0)
            default: throw .noSuchOverload("math.sign", value)
            }
        }
        global("math.sqrt") { value, _ throws(EvaluationError) in
            switch value {
            case .int(let number): return .double(Double(number).squareRoot())
            case .uint(let number): return .double(Double(number).squareRoot())
            case .double(let number): return .double(number.squareRoot())
            default: throw .noSuchOverload("math.sqrt", value)
            }
        }
        addBits()
    }

    private mutating func addBits() {
        bits("math.bitAnd", { $0 & $1 }, { $0 & $1 })
        bits("math.bitOr", { $0 | $1 }, { $0 | $1 })
        bits("math.bitXor", { $0 ^ $1 }, { $0 ^ $1 })
        global("math.bitNot") { value, _ throws(EvaluationError) in
            switch value {
            case .int(let number): return .int(~number)
            case .uint(let number): return .uint(~number)
            default: throw .noSuchOverload("math.bitNot", value)
            }
        }
        // Shifts move bits, not signs: what comes in from the left is zero.
        shift("math.bitShiftLeft") { $0 << $1 }
        shift("math.bitShiftRight") { $0 >> $1 }
    }

    private mutating func rounding(_ name: String, _ round: @escaping @Sendable (Double) -> Double) {
        global(name) { value, _ throws(EvaluationError) in
            guard case .double(let number) = value else { throw .noSuchOverload(name, value) }
            return .double(round(number))
        }
    }

    private mutating func test(_ name: String, _ test: @escaping @Sendable (Double) -> Bool) {
        global(name) { value, _ throws(EvaluationError) in
            guard case .double(let number) = value else { throw .noSuchOverload(name, value) }
            return .bool(test(number))
        }
    }

    private mutating func bits(
        _ name: String, _ signed: @escaping @Sendable (Int64, Int64) -> Int64,
        _ unsigned: @escaping @Sendable (UInt64, UInt64) -> UInt64
    ) {
        global(name) { left, right, _ throws(EvaluationError) in
            switch (left, right) {
            case (.int(let a), .int(let b)): return .int(signed(a, b))
            case (.uint(let a), .uint(let b)): return .uint(unsigned(a, b))
            default: throw .noSuchOverload(name, left, right)
            }
        }
    }

    private mutating func shift(_ name: String, _ shift: @escaping @Sendable (UInt64, UInt64) -> UInt64) {
        global(name) { value, count, _ throws(EvaluationError) in
            guard case .int(let places) = count else { throw .noSuchOverload(name, value, count) }
            guard places >= 0 else { throw EvaluationError(.invalidArgument, "a shift by \(places) places") }
            switch value {
            case .int(let number): return .int(Int64(bitPattern: shift(UInt64(bitPattern: number), UInt64(places))))
            case .uint(let number): return .uint(shift(number, UInt64(places)))
            default: throw .noSuchOverload(name, value, count)
            }
        }
    }

    private static func extreme(
        _ name: String, _ arguments: [CELValue], _ wanted: Order, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        var numbers = arguments
        if arguments.count == 1, case .list(let list) = arguments[0] {
            try frame.step(list.count)
            numbers = list.elements
        }
        guard var best = numbers.first else { throw EvaluationError(.invalidArgument, "\(name) of nothing") }
        for number in numbers {
            guard let order = Frame.numericOrder(number, best) else { throw .noSuchOverload(name, number) }
            if order == wanted { best = number }
        }
        return best
    }
}
