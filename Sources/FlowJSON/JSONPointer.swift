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
