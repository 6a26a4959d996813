/// An address of the Internet Protocol, version 4 or 6.
package struct IPAddress: Hashable, Sendable {
    /// The 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    /// Takes 4 or 16 bytes in network order. An IPv4 address in an IPv6 one (`::ffff:0:0/96` and NAT64's
    /// `64:ff9b::/96`), and that of a 6to4 address (`2002::/16`), counts as the IPv4 address, which is where packets end up.
    package init?(_ bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16:
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
            let compatible = [UInt8](repeating: 0, count: 12)
            if bytes.starts(with: mapped) || bytes.starts(with: translated)
                || bytes.starts(with: compatible) && !(bytes[12..<15].allSatisfy { $0 == 0 } && bytes[15] <= 1)
            {
                self.bytes = Array(bytes.suffix(4))
            } else if bytes.starts(with: [0x20, 0x02]) {
                self.bytes = Array(bytes[2..<6])
            } else if bytes.starts(with: [0x20, 0x01, 0, 0]) || bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 1]) {
                // Teredo and the local form of NAT64 lead to addresses that cannot be told here: to none that is called.
                self.bytes = [0, 0, 0, 0]
            } else {
                self.bytes = bytes
            }
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
        // Where Alibaba, Oracle and Azure serve machines their metadata, beside the common 169.254.169.254.
        case (100, 100) where bytes[2] == 100 && bytes[3] == 200: .linkLocal
        case (192, 0) where bytes[2] == 0 && bytes[3] == 192: .linkLocal
        case (168, 63) where bytes[2] == 129 && bytes[3] == 16: .linkLocal
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
        // Site-local addresses, deprecated and private.
        case 0xFE where bytes[1] & 0xC0 == 0xC0: return .private
        case 0xFF: return .linkLocal
        case 0xFC, 0xFD:
            // The addresses at which two large clouds serve their metadata over IPv6.
            let metadata: [[UInt8]] = [
                [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54],
                [0xFD, 0x20, 0, 0xCE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54],
            ]
            return metadata.contains(bytes) ? .linkLocal : .private
        default: return .global
        }
    }
}
