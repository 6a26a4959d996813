/// An address of the Internet Protocol, version 4 or 6.
package struct IPAddress: Hashable, Sendable {
    /// The 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    /// Takes 4 or 16 bytes in network order. An IPv4 address in an IPv6 one (`::ffff:0:0/96` and NAT64's
    /// `64:ff9b::/96`) counts as the IPv4 address, which is where packets end up.
    package init?(_ bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16:
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
            let isWrapped = bytes.starts(with: mapped) || bytes.starts(with: translated)
            self.bytes = isWrapped ? Array(bytes.suffix(4)) : bytes
        default: return nil
        }
    }

    /// How far an address reaches.
    package enum Scope: Hashable, Sendable {
        /// The machine itself.
        case loopback
        /// The same wire, where clouds serve their metadata; also the unspecified, multicast and reserved addresses,
        /// which no call has a use for.
        case linkLocal
        /// A private network.
        case `private`
        /// Everybody.
        case global
    }

    /// How far the address reaches (RFC 6890 and the registries it started).
    package var scope: Scope { bytes.count == 4 ? scope4 : scope6 }

    private var scope4: Scope {
        switch (bytes[0], bytes[1]) {
        case (127, _): .loopback
        case (0, _), (169, 254), (224..., _): .linkLocal
        case (10, _), (172, 16...31), (192, 168), (100, 64...127), (198, 18...19): .private
        case (192, 0) where bytes[2] == 0: .private
        default: .global
        }
    }

    private var scope6: Scope {
        let head = bytes.prefix(15)
        if head.allSatisfy({ $0 == 0 }) { return bytes[15] == 1 ? .loopback : .linkLocal }
        switch bytes[0] {
        case 0xFE where bytes[1] & 0xC0 == 0x80: return .linkLocal
        case 0xFF: return .linkLocal
        case 0xFC, 0xFD:
            // The address at which a large cloud serves its metadata over IPv6.
            let metadata: [UInt8] = [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54]
            return bytes == metadata ? .linkLocal : .private
        default: return .global
        }
    }
}
