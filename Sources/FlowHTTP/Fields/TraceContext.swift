/// A request's place in a distributed trace (W3C Trace Context, section 3.2).
package struct TraceContext: Hashable, Sendable {
    /// The field as it came.
    package let field: String

    /// 32 hexadecimal digits that name the trace.
    package var trace: Substring { field.prefix(35).dropFirst(3) }

    /// Reads the field `traceparent`, or `nil` when it is not of version 00 or not valid.
    package init?(_ field: String) {
        let parts = field.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", Self.isHexadecimal(parts[1], 32), Self.isHexadecimal(parts[2], 16),
            Self.isHexadecimal(parts[3], 2), parts[1].contains(where: { $0 != "0" }),
            parts[2].contains(where: { $0 != "0" })
        else { return nil }
        self.field = field
    }

    private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
