/// Writes JSON text as bytes, without an intermediate tree.
///
/// Commas are put by the writer; the caller pairs the calls that open and close.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8]
    private var needsComma = false

    /// Makes an empty writer with room for that many bytes.
    public init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// The compact text of a value.
    public static func bytes(of value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.bytes
    }

    /// Opens an object.
    public mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    /// Closes an object.
    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Opens an array.
    public mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    /// Closes an array.
    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes a member's name; its value has to follow.
    public mutating func name(_ name: String) {
        separate()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member's name that needs no escape, which is what names in a program are; its value has to follow.
    public mutating func field(_ name: String) {
        let separates = needsComma
        // In one go: most of what is written are names.
        bytes.append(addingCapacity: name.utf8.count + 4) { text in
            if separates { text.append(UInt8(ascii: ",")) }
            text.append(UInt8(ascii: "\""))
            let units = name.utf8Span.span
            for index in units.indices { text.append(units[index]) }
            text.append(UInt8(ascii: "\""))
            text.append(UInt8(ascii: ":"))
        }
        needsComma = false
    }

    /// Writes a member's name that is written very often; its value has to follow.
    public mutating func field(_ name: JSONName) {
        if needsComma { bytes.append(contentsOf: name.text) } else { bytes.append(contentsOf: name.text.dropFirst()) }
        needsComma = false
    }

    /// Writes a string that `body` appends and that needs no escape.
    public mutating func plainString(_ body: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        body(&bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a string.
    public mutating func string(_ text: String) {
        separate()
        quoted(text)
        needsComma = true
    }

    /// Writes an integer.
    @inlinable
    public mutating func integer(_ number: some BinaryInteger) { integer(Int64(number)) }

    /// Writes an integer.
    public mutating func integer(_ number: Int64) {
        separate()
        digits(number)
        needsComma = true
    }

    /// Writes a double as the shortest text that reads back as the same value; a number that JSON lacks as `null`.
    public mutating func double(_ number: Double) {
        separate()
        bytes.append(contentsOf: (number.isFinite ? number.description : "null").utf8)
        needsComma = true
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ flag: Bool) {
        separate()
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        needsComma = true
    }

    /// Writes `null`.
    public mutating func null() {
        let separates = needsComma
        bytes.append(addingCapacity: 5) { text in
            if separates { text.append(UInt8(ascii: ",")) }
            text.append(UInt8(ascii: "n"))
            text.append(UInt8(ascii: "u"))
            text.append(UInt8(ascii: "l"))
            text.append(UInt8(ascii: "l"))
        }
        needsComma = true
    }

    /// Writes text that is one complete JSON value already.
    public mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Writes any value.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let number): integer(number)
        case .double(let number): double(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members.members {
                name(member.name)
                self.value(member.value)
            }
            endObject()
        }
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func digits(_ number: Int64) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        // From the last one on; there are at most nineteen.
        var digits = InlineArray<19, UInt8>(repeating: 0)
        var count = 0
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            count += 1
            rest = quotient
        } while rest > 0
        while count > 0 {
            count -= 1
            bytes.append(digits[count])
        }
    }

    private mutating func quoted(_ text: String) {
        let isPlain = Self.isPlain(text)
        guard isPlain, text.utf8.count <= Self.short else {
            bytes.append(UInt8(ascii: "\""))
            if isPlain { bytes.append(contentsOf: text.utf8) } else { escaped(text) }
            bytes.append(UInt8(ascii: "\""))
            return
        }
        bytes.append(addingCapacity: text.utf8.count + 2) { quoted in
            quoted.append(UInt8(ascii: "\""))
            let units = text.utf8Span.span
            for index in units.indices { quoted.append(units[index]) }
            quoted.append(UInt8(ascii: "\""))
        }
    }

    /// Longer texts are copied as a whole.
    private static let short = 64

    private static func isPlain(_ text: String) -> Bool {
        let units = text.utf8Span.span
        for index in units.indices {
            let byte = units[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
        }
        return true
    }

    private mutating func escaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                let hex = Array("0123456789abcdef".utf8)
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }
}
