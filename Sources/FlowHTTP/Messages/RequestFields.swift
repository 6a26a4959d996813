/// The header fields of a request, copied into one buffer and read when somebody asks.
///
/// Names are compared without regard to case (RFC 9110 section 5.1).
package struct RequestFields: Sendable {
    /// Where a field ends in the buffer; it begins where the one before it ends, the first at 0.
    private struct Ends: Sendable {
        let name: Int
        let value: Int
    }

    private var bytes: [UInt8]
    private var fields: [Ends]

    /// Makes fields without any.
    package init() {
        bytes = []
        fields = []
    }

    private init(_ bytes: [UInt8], ends: [Ends]) {
        self.bytes = bytes
        fields = ends
    }

    /// Makes room for as many as requests mostly have.
    mutating func reserveCapacity() {
        bytes.reserveCapacity(256)
        fields.reserveCapacity(8)
    }

    /// How many fields there are.
    package var count: Int { fields.count }

    /// How many bytes names and values take together.
    package var size: Int { bytes.count }

    /// The first fields.
    func first(_ count: Int) -> RequestFields {
        guard count > 0 else { return RequestFields() }
        return RequestFields(Array(bytes[..<fields[count - 1].value]), ends: Array(fields[..<count]))
    }

    /// Whether a field, given by its number, has this name and this value to the byte.
    func holds(_ name: Span<UInt8>, _ value: Span<UInt8>, at index: Int) -> Bool {
        guard index < fields.count else { return false }
        let start = index == 0 ? 0 : fields[index - 1].value
        return isEqual(name, start, fields[index].name) && isEqual(value, fields[index].name, fields[index].value)
    }

    private func isEqual(_ other: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard other.count == end - start else { return false }
        let bytes = bytes.span
        for index in other.indices where other[index] != bytes[start + index] { return false }
        return true
    }

    /// Adds a field.
    package mutating func append(_ name: String, _ value: String) {
        append(name.utf8Span.span, value.utf8Span.span)
    }

    /// Adds a field as it came.
    mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        add(name)
        let end = bytes.count
        add(value)
        fields.append(Ends(name: end, value: bytes.count))
    }

    private mutating func add(_ text: Span<UInt8>) { for index in text.indices { bytes.append(text[index]) } }

    /// The first value of a name, which is given in lower case.
    package subscript(name: String) -> String? {
        var start = 0
        for field in fields {
            if matches(name, start, field.name) { return text(field.name, field.value) }
            start = field.value
        }
        return nil
    }

    /// All values of a name, which is given in lower case.
    package func values(_ name: String) -> [String] {
        var values: [String] = []
        var start = 0
        for field in fields {
            if matches(name, start, field.name) { values.append(text(field.name, field.value)) }
            start = field.value
        }
        return values
    }

    /// How often a name is given, which is in lower case here.
    package func count(of name: String) -> Int {
        var count = 0
        var start = 0
        for field in fields {
            if matches(name, start, field.name) { count += 1 }
            start = field.value
        }
        return count
    }

    /// Whether a name is given, which is in lower case here.
    package func contains(_ name: String) -> Bool {
        var start = 0
        for field in fields {
            if matches(name, start, field.name) { return true }
            start = field.value
        }
        return false
    }

    /// Whether every value of a name, which is given in lower case, passes a check. No texts are made of the values.
    package func allValues(of name: String, pass check: (Span<UInt8>) -> Bool) -> Bool {
        let bytes = bytes.span
        var start = 0
        for field in fields {
            if matches(name, start, field.name), !check(bytes.extracting(field.name..<field.value)) { return false }
            start = field.value
        }
        return true
    }

    /// Whether every name is a token and no value holds a control character (RFC 9110 section 5).
    package var areWellFormed: Bool {
        let bytes = bytes.span
        var start = 0
        for field in fields {
            guard field.name > start else { return false }
            for index in start..<field.name where !Self.isToken(bytes[index]) { return false }
            for index in field.name..<field.value {
                let byte = bytes[index]
                guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { return false }
            }
            start = field.value
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

    private func matches(_ name: String, _ start: Int, _ end: Int) -> Bool {
        guard name.utf8.count == end - start else { return false }
        let wanted = name.utf8Span.span
        let bytes = bytes.span
        for index in wanted.indices {
            let byte = bytes[start + index]
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            guard wanted[index] == (isUpper ? byte | 0x20 : byte) else { return false }
        }
        return true
    }

    private func text(_ start: Int, _ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }
}
