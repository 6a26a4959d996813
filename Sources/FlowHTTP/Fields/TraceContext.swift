/// A request's place in a distributed trace (W3C Trace Context, section 3.2).
package struct TraceContext: Hashable, Sendable {
    /// 32 hexadecimal digits that name the trace.
    package let trace: String
    /// 16 hexadecimal digits that name the caller's part of it.
    package let parent: String
    /// Two hexadecimal digits of flags.
    package let flags: String

    /// Reads the field `traceparent`, or `nil` when it is not of version 00 or not valid.
    package init?(_ field: String) {
        let parts = field.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", Self.isHexadecimal(parts[1], 32), Self.isHexadecimal(parts[2], 16),
            Self.isHexadecimal(parts[3], 2), parts[1].contains(where: { $0 != "0" }),
            parts[2].contains(where: { $0 != "0" })
        else { return nil }
        trace = String(parts[1])
        parent = String(parts[2])
        flags = String(parts[3])
    }

    /// The field for what happens below `span`, which is 16 hexadecimal digits.
    package func field(span: String) -> String { "00-\(trace)-\(span)-\(flags)" }

    private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
