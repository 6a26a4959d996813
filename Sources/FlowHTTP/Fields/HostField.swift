/// The field `Host` (RFC 9110 section 7.2).
package enum HostField {
    /// Whether a value names one host, with or without a port (RFC 3986 section 3.2.2). A comma, which the grammar allows
    /// within a name, is refused: it tells of several fields that were joined on their way.
    package static func isValid(_ value: Span<UInt8>) -> Bool {
        var end = value.count
        while end > 0, value[end - 1] == UInt8(ascii: " ") || value[end - 1] == UInt8(ascii: "\t") { end -= 1 }
        guard end > 0 else { return false }
        var index = 0
        if value[0] == UInt8(ascii: "[") {
            index = 1
            while index < end, isWithinBrackets(value[index]) { index += 1 }
            guard index > 1, index < end, value[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < end, isName(value[index]) { index += 1 }
            guard index > 0 else { return false }
        }
        guard index < end else { return true }
        guard value[index] == UInt8(ascii: ":") else { return false }
        for place in index + 1..<end where !isDigit(value[place]) { return false }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: isDigit(byte) || isLetter(byte)
        }
    }

    private static func isWithinBrackets(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "%"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: isDigit(byte) || isLetter(byte)
        }
    }
}
