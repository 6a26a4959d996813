/// The exact decimal digits of a double, rounded where they are cut: every double is a finite decimal fraction.
struct DecimalExpansion {
    /// All digits, without zeros before them.
    private var digits: [UInt8]
    /// How many of the digits stand before the point; may be negative.
    private var point: Int

    /// The expansion of a finite number's magnitude.
    private init(_ number: Double) {
        let mantissa = number.significandBitPattern | (number.isNormal ? 1 << 52 : 0)
        let exponent = Int(max(number.exponentBitPattern, 1)) - 1075
        var integer = WideInteger(mantissa)
        if exponent >= 0 {
            for _ in 0..<(exponent / 32) { integer.multiply(by: 1 << 31, carry: 2) }
            integer.multiply(by: 1 << UInt32(exponent % 32))
            digits = integer.decimalDigits()
            point = digits.count
        } else {
            // m / 2ⁿ is m · 5ⁿ / 10ⁿ.
            for _ in 0..<(-exponent / 13) { integer.multiply(by: 1_220_703_125) }
            for _ in 0..<(-exponent % 13) { integer.multiply(by: 5) }
            digits = integer.decimalDigits()
            point = digits.count + exponent
        }
    }

    /// The number with that many digits behind the point, a tie to the even digit.
    static func fixed(_ number: Double, precision: Int) -> String {
        guard number.isFinite else { return Formatter.shortest(number) }
        var expansion = DecimalExpansion(number)
        expansion.round(to: expansion.point + precision)
        let whole = (0..<max(0, expansion.point)).map(expansion.digit)
        let fraction = (0..<precision).map { expansion.digit(expansion.point + $0) }
        return (number.sign == .minus ? "-" : "") + (whole.isEmpty ? "0" : String(decoding: whole, as: UTF8.self))
            + (precision > 0 ? "." + String(decoding: fraction, as: UTF8.self) : "")
    }

    /// The number with one digit before the point, that many behind it, and an exponent.
    static func scientific(_ number: Double, precision: Int) -> String {
        guard number.isFinite else { return Formatter.shortest(number) }
        var expansion = DecimalExpansion(number)
        expansion.round(to: precision + 1)
        let exponent = expansion.digits.isEmpty ? 0 : expansion.point - 1
        var text: [UInt8] = [expansion.digit(0)]
        if precision > 0 {
            text.append(UInt8(ascii: "."))
            for position in 1...precision { text.append(expansion.digit(position)) }
        }
        let magnitude = String(exponent.magnitude)
        return (number.sign == .minus ? "-" : "") + String(decoding: text, as: UTF8.self) + "e"
            + (exponent < 0 ? "-" : "+") + (magnitude.utf8.count < 2 ? "0" + magnitude : magnitude)
    }

    private func digit(_ position: Int) -> UInt8 {
        UInt8(ascii: "0") + (digits.indices.contains(position) ? digits[position] : 0)
    }

    /// Keeps that many digits.
    private mutating func round(to count: Int) {
        guard count < digits.count else { return }
        guard count >= 0 else {
            digits = []
            return
        }
        let next = digits[count]
        let isTie = next == 5 && digits[(count + 1)...].allSatisfy { $0 == 0 }
        let isOdd = count > 0 && digits[count - 1] % 2 == 1
        digits.removeSubrange(count...)
        guard next > 5 || (next == 5 && (!isTie || isOdd)) else { return }
        var index = count - 1
        while index >= 0, digits[index] == 9 {
            digits[index] = 0
            index -= 1
        }
        if index >= 0 {
            digits[index] += 1
        } else {
            digits.insert(1, at: 0)
            point += 1
        }
    }
}
