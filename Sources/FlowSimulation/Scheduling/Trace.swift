/// A hash of everything that a simulation did, in order: FNV-1a with 64 bits.
struct Trace: Sendable {
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func mix(_ number: Int) {
        // One round for the whole number: the trace tells runs apart, it need not withstand an adversary.
        hash = (hash ^ UInt64(bitPattern: Int64(number))) &* 0x100_0000_01B3
        hash ^= hash >> 29
    }

    mutating func mix(_ bytes: [UInt8]) {
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func mix(_ text: String) {
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}
