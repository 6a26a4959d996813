/// A place in a JSON document (RFC 6901), as errors name it.
public struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    /// One step: a member's name or an element's position.
    public enum Token: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        /// A member's name.
        case name(String)
        /// An element's position.
        case position(Int)

        /// Makes a name.
        public init(stringLiteral value: String) { self = .name(value) }
        /// Makes a position.
        public init(integerLiteral value: Int) { self = .position(value) }
    }

    /// The steps from the root.
    public var tokens: [Token]

    /// Makes a pointer; without tokens it names the whole document.
    public init(_ tokens: [Token] = []) { self.tokens = tokens }

    /// Reads the text of RFC 6901 section 3, or `nil` when it is none. A token of digits is taken for a position.
    public init?(parsing text: String) {
        tokens = []
        guard !text.isEmpty else { return }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts[0].isEmpty else { return nil }
        for part in parts.dropFirst() {
            guard let token = Token(Substring(part)) else { return nil }
            tokens.append(token)
        }
    }

    /// The pointer one name further down.
    public func appending(_ name: String) -> JSONPointer { JSONPointer(tokens + [.name(name)]) }

    /// The pointer one element further down.
    public func appending(_ position: Int) -> JSONPointer { JSONPointer(tokens + [.position(position)]) }

    /// The pointer with another one's steps behind its own.
    public func appending(_ other: JSONPointer) -> JSONPointer { JSONPointer(tokens + other.tokens) }

    /// The text of RFC 6901 section 3, with `~` and `/` escaped.
    public var description: String {
        var text = ""
        for token in tokens {
            text += "/"
            switch token {
            case .position(let index): text += String(index)
            case .name(let name):
                for character in name.unicodeScalars {
                    switch character {
                    case "~": text += "~0"
                    case "/": text += "~1"
                    default: text.unicodeScalars.append(character)
                    }
                }
            }
        }
        return text
    }
}

extension JSONPointer: ExpressibleByArrayLiteral {
    /// Makes a pointer of tokens.
    public init(arrayLiteral elements: Token...) { self.init(elements) }
}

extension JSONPointer.Token {
    /// Reads one token as it is written; `nil` when a `~` stands for nothing.
    fileprivate init?(_ text: Substring) {
        let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if isNumber, text == "0" || !text.hasPrefix("0"), let position = Int(text) {
            self = .position(position)
            return
        }
        var name = String.UnicodeScalarView()
        var isEscape = false
        for scalar in text.unicodeScalars {
            switch (isEscape, scalar) {
            case (false, "~"): isEscape = true
            case (true, "0"), (true, "1"):
                name.append(scalar == "0" ? "~" : "/")
                isEscape = false
            case (true, _): return nil
            case (false, _): name.append(scalar)
            }
        }
        guard !isEscape else { return nil }
        self = .name(String(name))
    }
}
