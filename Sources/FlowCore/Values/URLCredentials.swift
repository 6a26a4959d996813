/// What URLs have between their scheme and their host, such as `user:password@`.
public enum URLCredentials {
    /// A text with `…` for the credentials of each URL in it.
    ///
    /// All counts as credentials up to the last `@` of a word, since a password may hold what ends the host.
    public static func hidden(in text: String) -> String {
        let bytes = Array(text.utf8)
        var shown: [UInt8] = []
        var place = 0
        while place < bytes.count {
            let rest = bytes[place...]
            guard rest.starts(with: "://".utf8) else {
                shown.append(bytes[place])
                place += 1
                continue
            }
            shown += "://".utf8
            place += 3
            let word = bytes[place...].prefix { $0 > 0x20 && !"\"'<>".utf8.contains($0) }
            guard let at = word.lastIndex(of: UInt8(ascii: "@")) else { continue }
            shown += "…".utf8
            place = at
        }
        return String(decoding: shown, as: UTF8.self)
    }
}
