public import FlowCore

extension WorkflowID {
    /// Makes a UUID of version 7 (RFC 9562 section 5.7): milliseconds first, so that ids sort by time, then 74 random bits.
    public static func version7(at instant: Timestamp, using generator: inout some RandomNumberGenerator) -> WorkflowID
    {
        let time = UInt64(bitPattern: instant.milliseconds) & 0xFFFF_FFFF_FFFF
        let high = time << 16 | 0x7000 | generator.next() & 0x0FFF
        let low = 0x8000_0000_0000_0000 | generator.next() >> 2
        var text = InlineArray<36, UInt8>(repeating: UInt8(ascii: "-"))
        var place = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { place += 1 }
            let word = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> (60 - UInt64(index % 16) * 4) & 15)
            text[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            place += 1
        }
        do {
            return WorkflowID(String(copying: try UTF8Span(validating: text.span)))
        } catch {
            return WorkflowID(String(decoding: text.indices.map { text[$0] }, as: UTF8.self))
        }
    }
}
