public import FlowCore

extension WorkflowID {
    /// Makes a UUID of version 7 (RFC 9562 section 5.7): milliseconds first, so that ids sort by time, then 74 random bits.
    public static func version7(at instant: Timestamp, using generator: inout some RandomNumberGenerator) -> WorkflowID
    {
        let time = UInt64(bitPattern: instant.milliseconds) & 0xFFFF_FFFF_FFFF
        let high = time << 16 | 0x7000 | generator.next() & 0x0FFF
        let low = 0x8000_0000_0000_0000 | generator.next() >> 2
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            let word = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> (60 - UInt64(index % 16) * 4) & 15)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        return WorkflowID(String(decoding: text, as: UTF8.self))
    }
}
