import FlowExpressions
import FlowJSON

/// A secret as texts tell it: as it is, or in an encoding that nodes and calls apply.
struct SecretForm: Sendable {
    let name: SecretName
    let bytes: [UInt8]
    /// Whether the digit before it tells a part of the secret as well, as in Base64 of a longer text.
    var isMixedBefore = false
    /// Whether the digit behind it does.
    var isMixedBehind = false

    /// Everything to be searched for.
    static func all(of value: String, named name: SecretName) -> [SecretForm] {
        let plain = Array(value.utf8)
        guard !plain.isEmpty else { return [] }
        // What is shorter would be found by chance the more often, the more forms it has.
        guard plain.count >= Secrets.minimumBytes else { return [SecretForm(name: name, bytes: plain)] }
        let json = Array(JSONWriter.bytes(of: .string(value)).dropFirst().dropLast())
        var texts = [plain]
        for text in [json, percentEncoded(plain, "0123456789ABCDEF"), percentEncoded(plain, "0123456789abcdef")]
        where !texts.contains(text) {
            texts.append(text)
        }
        return texts.map { SecretForm(name: name, bytes: $0) } + (0..<3).map { base64(plain, behind: $0, name) }
    }

    /// The Base64 digits that a secret has in a longer text such as `user:secret`, by how many bytes stand before it in
    /// its group of three.
    private static func base64(_ plain: [UInt8], behind count: Int, _ name: SecretName) -> SecretForm {
        let digits = Array(Base64.encode([UInt8](repeating: 0, count: count) + plain).utf8)
        let bits = 8 * (count + plain.count)
        return SecretForm(
            name: name, bytes: Array(digits[(8 * count + 5) / 6..<bits / 6]), isMixedBefore: count > 0,
            isMixedBehind: bits % 6 != 0)
    }

    private static func percentEncoded(_ plain: [UInt8], _ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal.utf8)
        return plain.flatMap { unit in
            isLetterOrDigit(unit) || "-._~".utf8.contains(unit)
                ? [unit] : [UInt8(ascii: "%"), digits[Int(unit >> 4)], digits[Int(unit & 15)]]
        }
    }

    private static func isLetterOrDigit(_ unit: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit)
    }

    private static func isDigit(_ unit: UInt8) -> Bool { isLetterOrDigit(unit) || "+/".utf8.contains(unit) }

    /// Whether a text that goes on may become this one.
    func mayBegin(_ text: ArraySlice<UInt8>) -> Bool {
        let isWhole = text.count == bytes.count && isMixedBehind
        return (text.count < bytes.count || isWhole) && bytes.starts(with: text)
    }

    /// What tells the secret where this was found.
    func range(at place: Int, in text: [UInt8], from free: Int) -> Range<Int> {
        var range = place..<place + bytes.count
        if isMixedBefore, place > free, Self.isDigit(text[place - 1]) { range = place - 1..<range.upperBound }
        if isMixedBehind, range.upperBound < text.count, Self.isDigit(text[range.upperBound]) {
            range = range.lowerBound..<range.upperBound + 1
        }
        return range
    }
}
