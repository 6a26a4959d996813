import FoundationEssentials

/// A URL that can be called: http or https, with a host, a port that there can be, and without credentials.
struct OutboundURL: Hashable, Sendable {
    /// The URL.
    let text: String
    /// The host, an IPv6 address without its brackets.
    let host: String
    /// Scheme, host and port.
    let origin: String

    /// Reads an absolute URL.
    init?(_ text: String) {
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let url = URL(string: text),
            let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let host = url.host(), !host.isEmpty, !host.contains("%"), url.user() == nil, url.password() == nil,
            url.port.map({ (1...65535).contains($0) }) ?? true
        else { return nil }
        self.text = text
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        origin = "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? "")
    }

    /// The URL that a reference leads to from here (RFC 3986 section 5).
    func resolving(_ reference: String) -> OutboundURL? {
        guard let base = URL(string: text), let url = URL(string: reference, relativeTo: base) else { return nil }
        return OutboundURL(url.absoluteString)
    }

    /// The URL with more query parameters.
    func adding(query items: [(name: String, value: String)]) -> OutboundURL? {
        guard !items.isEmpty else { return self }
        let pairs = items.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let separator = parts[0].contains("?") ? "&" : "?"
        return OutboundURL(parts[0] + separator + pairs)
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for unit in text.utf8 {
            let isPlain =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) || "-._~".utf8.contains(unit)
            if isPlain {
                bytes.append(unit)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(unit >> 4)], digits[Int(unit & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
