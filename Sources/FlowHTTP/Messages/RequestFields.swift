/// The header fields of a request, copied into one buffer and read when somebody asks.
///
/// Names are kept in lower case, as they are compared without regard to case (RFC 9110 section 5.1).
package struct RequestFields: Sendable {
    private struct Field: Sendable {
        let nameEnd: Int
        let valueEnd: Int
    }

    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// Makes fields without any.
    package init() {
        bytes.reserveCapacity(192)
        fields.reserveCapacity(8)
    }

    /// How many fields there are.
    package var count: Int { fields.count }

    /// How many bytes names and values take together.
    package var size: Int { bytes.count }

    /// Adds a field as it came.
    package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        for index in name.indices {
            let byte = name[index]
            bytes.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
        }
        let nameEnd = bytes.count
        for index in value.indices { bytes.append(value[index]) }
        fields.append(Field(nameEnd: nameEnd, valueEnd: bytes.count))
    }

    /// Adds a field.
    package mutating func append(_ name: String, _ value: String) {
        append(name: Array(name.utf8).span, value: Array(value.utf8).span)
    }

    /// The first value of a name, which is given in lower case.
    package subscript(name: StaticString) -> String? {
        var start = 0
        for field in fields {
            if matches(name, start, field.nameEnd) { return text(field.nameEnd, field.valueEnd) }
            start = field.valueEnd
        }
        return nil
    }

    /// All values of a name, which is given in lower case.
    package func values(_ name: StaticString) -> [String] {
        var values: [String] = []
        var start = 0
        for field in fields {
            if matches(name, start, field.nameEnd) { values.append(text(field.nameEnd, field.valueEnd)) }
            start = field.valueEnd
        }
        return values
    }

    /// Whether every name is a token and no value holds a control character (RFC 9110 section 5).
    package var areWellFormed: Bool {
        var start = 0
        for field in fields {
            guard field.nameEnd > start else { return false }
            for index in start..<field.nameEnd where !Self.isToken(bytes[index]) { return false }
            for index in field.nameEnd..<field.valueEnd {
                let byte = bytes[index]
                guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { return false }
            }
            start = field.valueEnd
        }
        return true
    }

    /// Whether a byte may stand in a token (RFC 9110 section 5.6.2).
    package static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
            UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private func matches(_ name: StaticString, _ start: Int, _ end: Int) -> Bool {
        guard name.utf8CodeUnitCount == end - start else { return false }
        return name.description.utf8.elementsEqual(bytes[start..<end])
    }

    private func text(_ start: Int, _ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }
}
