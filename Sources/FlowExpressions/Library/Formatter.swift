/// `format`: a text with places for values, such as `%s` or `%.2f`.
enum Formatter {
    /// How many digits behind the point may be asked for.
    private static let maxPrecision = 100

    static func format(_ pattern: String, _ arguments: CELList, _ frame: inout Frame) throws(EvaluationError) -> String
    {
        try frame.write(pattern.utf8.count)
        var output = ""
        var used = 0
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                output.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "%" {
                rest.removeFirst()
                output += "%"
                continue
            }
            let precision = try precision(&rest)
            guard let verb = rest.popFirst() else {
                throw EvaluationError(.invalidArgument, "the format ends within a clause")
            }
            guard used < arguments.count else {
                throw EvaluationError(
                    .invalidArgument, "the format has more clauses than the \(arguments.count) values")
            }
            let text = try clause(verb, precision, arguments[used], &frame)
            used += 1
            try frame.write(text.utf8.count)
            output += text
        }
        return output
    }

    private static func precision(_ rest: inout Substring.UnicodeScalarView) throws(EvaluationError) -> Int? {
        guard rest.first == "." else { return nil }
        rest.removeFirst()
        var number = 0
        var digits = 0
        while let digit = rest.first, let value = Character(digit).wholeNumberValue, digit.isASCII {
            number = number * 10 + value
            digits += 1
            guard number <= maxPrecision else {
                throw EvaluationError(.invalidArgument, "the precision of a clause is above \(maxPrecision)")
            }
            rest.removeFirst()
        }
        guard digits > 0 else { throw EvaluationError(.invalidArgument, "the precision of a clause has no digits") }
        return number
    }

    private static func clause(
        _ verb: Unicode.Scalar, _ precision: Int?, _ value: CELValue, _ frame: inout Frame
    ) throws(EvaluationError) -> String {
        switch verb {
        case "s": return try text(value, &frame, depth: 0)
        case "d":
            switch value {
            case .int(let number): return String(number)
            case .uint(let number): return String(number)
            case .double(let number) where !number.isFinite: return shortest(number)
            default: throw unfit(verb, "integers", value)
            }
        case "f", "e":
            // The exact digits of a very small or large number are some hundreds.
            try frame.step(64)
            let number = try number(verb, value)
            return verb == "f"
                ? DecimalExpansion.fixed(number, precision: precision ?? 6)
                : DecimalExpansion.scientific(number, precision: precision ?? 6)
        case "b":
            if case .bool(let flag) = value { return flag ? "1" : "0" }
            return try digits(verb, value, radix: 2, "integers and booleans")
        case "o": return try digits(verb, value, radix: 8, "integers")
        case "x", "X":
            let isUpper = verb == "X"
            switch value {
            case .string(let text): return hex(Array(text.utf8), isUpper: isUpper)
            case .bytes(let bytes): return hex(bytes, isUpper: isUpper)
            default: return try digits(verb, value, radix: 16, "integers, strings and bytes", isUpper: isUpper)
            }
        default: throw EvaluationError(.invalidArgument, "the format has no clause '%\(verb)'")
        }
    }

    private static func number(_ verb: Unicode.Scalar, _ value: CELValue) throws(EvaluationError) -> Double {
        switch value {
        case .double(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        default: throw unfit(verb, "numbers", value)
        }
    }

    private static func digits(
        _ verb: Unicode.Scalar, _ value: CELValue, radix: Int, _ what: String, isUpper: Bool = false
    ) throws(EvaluationError) -> String {
        switch value {
        case .int(let number): return String(number, radix: radix, uppercase: isUpper)
        case .uint(let number): return String(number, radix: radix, uppercase: isUpper)
        default: throw unfit(verb, what, value)
        }
    }

    private static func hex(_ bytes: [UInt8], isUpper: Bool) -> String {
        let digits = Array((isUpper ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func unfit(_ verb: Unicode.Scalar, _ what: String, _ value: CELValue) -> EvaluationError {
        EvaluationError(.invalidArgument, "the clause '%\(verb)' takes \(what), not \(value.type)")
    }

    /// A value as `%s` shows it.
    private static func text(_ value: CELValue, _ frame: inout Frame, depth: Int) throws(EvaluationError) -> String {
        try frame.step()
        try frame.enter(depth)
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return shortest(number)
        case .string(let text):
            try frame.write(text.utf8.count)
            return text
        case .bytes(let bytes):
            try frame.write(bytes.count)
            return String(decoding: bytes, as: UTF8.self)
        case .list(let list):
            var parts: [String] = []
            for index in 0..<list.count { parts.append(try text(list[index], &frame, depth: depth + 1)) }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let map):
            var parts: [(key: String, text: String)] = []
            for key in map.keys {
                let name = try text(key, &frame, depth: depth + 1)
                parts.append((name, try text(map.value(key) ?? .null, &frame, depth: depth + 1)))
            }
            parts.sort { $0.key.compare(bytesOf: $1.key) < 0 }
            return "{" + parts.map { $0.key + ": " + $0.text }.joined(separator: ", ") + "}"
        case .timestamp(let time): return time.description
        case .duration(let span): return span.description
        case .type(let type): return type.name
        case .optional: throw unfit("s", "texts, numbers, times, lists and maps", value)
        }
    }

    /// The shortest text that reads back as the number; whole numbers without a point.
    static func shortest(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        if number.magnitude < 1e15, number == number.rounded(.towardZero), !(number == 0 && number.sign == .minus) {
            return String(Int64(number))
        }
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
