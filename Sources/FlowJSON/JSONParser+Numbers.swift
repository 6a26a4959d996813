extension JSONParser {
    /// Powers of ten that a double holds exactly.
    private static let exactPowers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// Reads a number; `position` stands on its first character.
    mutating func number(_ text: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        let start = position
        let negative = text[position] == UInt8(ascii: "-")
        if negative { position += 1 }
        var magnitude: UInt64 = 0
        var overflow = false
        let integerDigits = try digits(text, into: &magnitude, &overflow)
        guard integerDigits > 0 else { throw unexpected(text, expected: "a digit") }
        let leading = text[negative ? start + 1 : start]
        guard integerDigits == 1 || leading != UInt8(ascii: "0") else {
            throw JSONSyntaxError("a number must not start with zeros", at: start)
        }
        var fractionDigits = 0
        var exponent = 0
        var integral = true
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            integral = false
            fractionDigits = try digits(text, into: &magnitude, &overflow)
            guard fractionDigits > 0 else { throw unexpected(text, expected: "a digit") }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            integral = false
            exponent = try self.exponent(text)
        }
        if integral { return try integer(magnitude, negative, overflow, at: start) }

        // Clinger's fast path: both factors are exact, so one rounding gives the nearest double.
        let power = exponent - fractionDigits
        if !overflow, magnitude < 1 << 53, abs(power) <= 22 {
            let scale = Self.exactPowers[abs(power)]
            let value = power < 0 ? Double(magnitude) / scale : Double(magnitude) * scale
            return .double(negative ? -value : value)
        }
        var literal = ""
        for index in start..<position { literal.unicodeScalars.append(Unicode.Scalar(text[index])) }
        guard let value = Double(literal), value.isFinite else {
            throw JSONSyntaxError("number out of the range of a 64-bit float", at: start, isRange: true)
        }
        return .double(value)
    }

    private func integer(
        _ magnitude: UInt64, _ negative: Bool, _ overflow: Bool, at start: Int
    ) throws(JSONSyntaxError) -> JSONValue {
        if !overflow {
            if negative, magnitude == 0 { return .double(-0.0) }
            if negative, magnitude <= UInt64(Int64.max) + 1 {
                return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
            }
            if !negative, magnitude <= UInt64(Int64.max) { return .integer(Int64(magnitude)) }
        }
        throw JSONSyntaxError("integer out of the 64-bit range", at: start, isRange: true)
    }

    /// Adds a run of digits to `magnitude` and returns how many there were.
    @inline(__always)
    private mutating func digits(
        _ text: Span<UInt8>, into magnitude: inout UInt64, _ overflow: inout Bool
    ) throws(JSONSyntaxError) -> Int {
        let start = position
        while position < text.count {
            let digit = text[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            let (product, first) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, second) = product.addingReportingOverflow(UInt64(digit))
            if first || second { overflow = true }
            magnitude = sum
            position += 1
        }
        return position - start
    }

    private mutating func exponent(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Int {
        position += 1
        var negative = false
        if position < text.count, text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+") {
            negative = text[position] == UInt8(ascii: "-")
            position += 1
        }
        var magnitude: UInt64 = 0
        var overflow = false
        guard try digits(text, into: &magnitude, &overflow) > 0 else { throw unexpected(text, expected: "a digit") }
        // Beyond this the value is zero or infinite whatever the digits; the slow path decides which.
        let bounded = overflow ? 100_000 : Int(min(magnitude, 100_000))
        return negative ? -bounded : bounded
    }
}
