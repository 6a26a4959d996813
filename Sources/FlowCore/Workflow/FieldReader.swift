public import FlowJSON

/// Reads the members of an object strictly: wrong types, missing members and unknown names all become issues, and
/// reading goes on so that a client learns of all of them at once.
public struct FieldReader {
    private let object: JSONObject
    private let location: () -> JSONPointer
    private var known: [String] = []
    /// Which members have been asked for, by their places, as far as there are bits.
    private var asked: UInt64 = 0
    /// What has been found wrong so far.
    public private(set) var issues: [ValidationIssue] = []

    /// Makes a reader of an object at a place.
    public init(_ object: JSONObject, at location: @autoclosure @escaping () -> JSONPointer) {
        self.object = object
        self.location = location
        known.reserveCapacity(12)
    }

    /// The place of a member.
    public func pointer(_ name: String) -> JSONPointer { location().appending(name) }

    /// The member as it stands; `nil` when it is absent.
    public mutating func value(_ name: String) -> JSONValue? {
        known.append(name)
        guard let index = object.index(of: name) else { return nil }
        if index < UInt64.bitWidth { asked |= 1 << UInt64(index) }
        return object.members[index].value
    }

    /// The member converted; an issue when it is there and `convert` refuses it.
    public mutating func value<Value>(
        _ name: String, expected: @autoclosure () -> String, _ convert: (JSONValue) -> Value?
    ) -> Value? {
        guard let value = value(name) else { return nil }
        if let converted = convert(value) { return converted }
        refuse(name, "expected \(expected()), found \(Self.excerpt(value))")
        return nil
    }

    /// A text of 1 to `maximum` characters.
    public mutating func text(_ name: String, maximum: Int = 256) -> String? {
        value(name, expected: "a string of 1 to \(maximum) characters") {
            $0.string.flatMap { (1...maximum).contains($0.unicodeScalars.count) ? $0 : nil }
        }
    }

    /// A boolean.
    public mutating func bool(_ name: String) -> Bool? {
        value(name, expected: "a boolean") { $0.bool }
    }

    /// An integer within a range.
    public mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        value(name, expected: "an integer from \(range.lowerBound) to \(range.upperBound)") {
            $0.integer.flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A duration longer than nothing.
    public mutating func duration(_ name: String, allowZero: Bool = false) -> Duration? {
        value(name, expected: "a duration such as \"30s\", \"PT5M\" or a number of seconds") {
            DurationText.parse($0).flatMap { $0 > .zero || allowZero ? $0 : nil }
        }
    }

    /// An object.
    public mutating func object(_ name: String) -> JSONObject? {
        value(name, expected: "an object") { $0.object }
    }

    /// An array.
    public mutating func array(_ name: String) -> [JSONValue]? {
        value(name, expected: "an array") { $0.array }
    }

    /// The name of a backend.
    public mutating func backend(_ name: String) -> BackendName? {
        value(name, expected: "the name of a backend") { $0.string.flatMap(BackendName.init(checking:)) }
    }

    /// Texts, each of them once.
    public mutating func texts(_ name: String) -> [String]? {
        guard let elements = array(name) else { return nil }
        var texts: [String] = []
        var seen: Set<String> = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string, !text.isEmpty else {
                let detail = "expected a string, found \(Self.excerpt(element))"
                add(ValidationIssue(pointer(name).appending(index), detail))
                continue
            }
            guard elements.count == 1 || seen.insert(text).inserted else {
                add(
                    ValidationIssue(
                        pointer(name).appending(index),
                        "\"\(URLCredentials.hidden(in: text).prefix(64))\" is given twice"))
                continue
            }
            texts.append(text)
        }
        return texts
    }

    /// Texts by name.
    public mutating func textMap(_ name: String) -> [String: String]? {
        guard let members = object(name) else { return nil }
        var texts: [String: String] = [:]
        for member in members.members {
            if let text = member.value.string {
                guard texts.updateValue(text, forKey: member.name) != nil else { continue }
                refuse(name, "the name \"\(member.name)\" occurs twice, in two spellings")
            } else {
                add(
                    ValidationIssue(
                        pointer(name).appending(member.name), "expected a string, found \(Self.excerpt(member.value))"))
            }
        }
        return texts
    }

    /// Whether no member is left that has not been asked for.
    var hasAskedForAll: Bool { object.count <= UInt64.bitWidth && asked.nonzeroBitCount == object.count }

    /// Notes that a member must be there and is not.
    public mutating func require(_ name: String) {
        if object[name] == nil { add(ValidationIssue(location(), "the field \"\(name)\" is required")) }
    }

    /// Notes something wrong with a member.
    public mutating func refuse(_ name: String, _ detail: String) { add(ValidationIssue(pointer(name), detail)) }

    /// Notes an issue found elsewhere.
    public mutating func add(_ issue: ValidationIssue) { issues.append(issue) }

    /// Notes issues found elsewhere.
    public mutating func add(_ more: [ValidationIssue]) { issues += more }

    /// Notes every member whose name has not been asked for, and returns all issues.
    public mutating func finish() -> [ValidationIssue] {
        // Mostly every member has been asked for, which needs no comparing of names.
        if hasAskedForAll { return issues }
        for member in object.members where !known.contains(member.name) {
            add(ValidationIssue(pointer(member.name), "unknown field; known are \(known.joined(separator: ", "))"))
        }
        return issues
    }

    /// A value as an error message shows it: short ones in full, others by their type.
    public static func excerpt(_ value: JSONValue) -> String {
        switch value {
        case .string(let text) where text.utf8.count <= 40:
            "the string \(JSONValue.string(URLCredentials.hidden(in: text)))"
        case .integer, .double, .bool, .null: "\(value)"
        case .array, .object, .string:
            value.typeName == "array" || value.typeName == "object" ? "an \(value.typeName)" : "a long string"
        }
    }
}
