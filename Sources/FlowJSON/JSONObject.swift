/// The members of a JSON object, in the order in which they arrived, each name once.
///
/// Small objects are searched in order, which beats hashing; larger ones carry an index. Names are told apart by their
/// bytes: two spellings of one character are two names (RFC 8259 section 8.3), though they are equal as Swift's strings.
public struct JSONObject: Sendable {
    /// One name and its value.
    public struct Member: Hashable, Sendable {
        /// The member's name.
        public var name: String
        /// The member's value.
        public var value: JSONValue

        /// Makes a member.
        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Up to this many members a search in order is the faster one.
    static let indexedAbove = 24

    /// The members in order.
    public private(set) var members: [Member] = []
    private var positions: [Name: Int]?

    /// A name as the index knows it. Equal bytes have equal hashes, since a string's hash is that of its characters.
    private struct Name: Hashable {
        let text: String

        static func == (left: Name, right: Name) -> Bool { JSONObject.areSame(left.text, right.text) }
    }

    private static func areSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        let bytes = left.utf8Span.span
        let others = right.utf8Span.span
        for index in bytes.indices where bytes[index] != others[index] { return false }
        return true
    }

    /// Makes an empty object.
    public init() {}

    /// How many members there are.
    public var count: Int { members.count }
    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }
    /// The names in order.
    public var names: some Sequence<String> { members.lazy.map(\.name) }

    /// The value of a name. Setting `nil` removes the member, setting a new name appends it.
    public subscript(name: String) -> JSONValue? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?): members[position].value = value
            case (nil, let value?): insertNew(name, value)
            case (let position?, nil):
                members.remove(at: position)
                positions = nil
                indexIfLarge()
            case (nil, nil): break
            }
        }
    }

    /// The place of a name among the members, or `nil` when it is not there.
    public func index(of name: String) -> Int? { position(of: name) }

    /// Adds a member unless the name is taken.
    ///
    /// - Returns: false when the name is there already; then nothing changes.
    public mutating func add(_ name: String, _ value: JSONValue) -> Bool {
        guard position(of: name) == nil else { return false }
        insertNew(name, value)
        return true
    }

    private func position(of name: String) -> Int? {
        if let positions { return positions[Name(text: name)] }
        return members.firstIndex { Self.areSame($0.name, name) }
    }

    private mutating func insertNew(_ name: String, _ value: JSONValue) {
        members.append(Member(name: name, value: value))
        if positions != nil { positions?[Name(text: name)] = members.count - 1 } else { indexIfLarge() }
    }

    private mutating func indexIfLarge() {
        guard members.count > Self.indexedAbove else { return }
        var index: [Name: Int] = [:]
        index.reserveCapacity(members.count * 2)
        for (position, member) in members.enumerated() { index[Name(text: member.name)] = position }
        positions = index
    }
}

extension JSONObject: Hashable {
    /// Two objects are equal when they hold equal values under the same names, whatever the order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.name] == $0.value }
    }

    /// Hashes without regard to order, as equality does.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members { sum &+= member.hashValue }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object; of two equal names the later one wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { self[name] = value }
    }
}
