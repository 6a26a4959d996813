extension String {
    /// Whether both texts are the same code points. Swift's own equality takes two spellings of one character as equal.
    func hasSameBytes(as other: String) -> Bool {
        let bytes = utf8Span.span
        let others = other.utf8Span.span
        guard bytes.count == others.count else { return false }
        for index in bytes.indices where bytes[index] != others[index] { return false }
        return true
    }

    /// The order of the texts' code points, which is that of their bytes: below, at or above zero.
    func compare(bytesOf other: String) -> Int {
        let bytes = utf8Span.span
        let others = other.utf8Span.span
        for index in 0..<Swift.min(bytes.count, others.count) where bytes[index] != others[index] {
            return bytes[index] < others[index] ? -1 : 1
        }
        return bytes.count - others.count
    }

    /// The text as errors show it, cut when it is long.
    var shortened: String {
        let start = unicodeScalars.prefix(64)
        return start.endIndex == endIndex ? self : String(start) + "…"
    }
}
