/// An integer without bound, as far as the expansion needs one.
struct WideInteger {
    private var words: [UInt32]

    init(_ number: UInt64) { words = [UInt32(truncatingIfNeeded: number), UInt32(number >> 32)] }

    mutating func multiply(by factor: UInt32) {
        var carry: UInt64 = 0
        for index in words.indices {
            let product = UInt64(words[index]) * UInt64(factor) + carry
            words[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry > 0 { words.append(UInt32(carry)) }
    }

    /// Multiplies by two factors.
    mutating func multiply(by factor: UInt32, carry second: UInt32) {
        multiply(by: factor)
        multiply(by: second)
    }

    /// The digits, the highest first; none for zero.
    func decimalDigits() -> [UInt8] {
        var rest = words
        var digits: [UInt8] = []
        while let last = rest.last {
            if last == 0 {
                rest.removeLast()
                continue
            }
            var remainder: UInt64 = 0
            for index in rest.indices.reversed() {
                let part = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(part / 1_000_000_000)
                remainder = part % 1_000_000_000
            }
            for _ in 0..<9 {
                digits.append(UInt8(remainder % 10))
                remainder /= 10
            }
        }
        while digits.last == 0 { digits.removeLast() }
        return digits.reversed()
    }
}
