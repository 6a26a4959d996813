extension JSONValue {
    /// The compact text with the members of every object in the order of their names' bytes: two values have the same
    /// one when they say the same.
    ///
    /// Texts are the same when their bytes are. The integer `1` and the double `1.0` are different numbers here, as they
    /// are to whoever computes with them.
    public var canonicalBytes: [UInt8] {
        var writer = JSONWriter()
        Self.write(self, to: &writer)
        return writer.bytes
    }

    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value {
        case .null, .bool, .integer, .double, .string: writer.value(value)
        case .array(let elements):
            writer.beginArray()
            for element in elements { write(element, to: &writer) }
            writer.endArray()
        case .object(let object):
            writer.beginObject()
            for member in object.members.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
                writer.name(member.name)
                write(member.value, to: &writer)
            }
            writer.endObject()
        }
    }
}
