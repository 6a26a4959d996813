import FlowExpressions
import FlowJSON

extension FieldReader {
    /// A bare expression.
    mutating func expression(_ name: String) -> CELExpression? {
        guard let source = value(name, expected: "a string with an expression", { $0.string }) else { return nil }
        do {
            return try CELExpression(source)
        } catch {
            refuse(name, error.description)
            return nil
        }
    }

    /// A value in which strings may hold `${…}`.
    mutating func template(_ name: String) -> CompiledTemplate? {
        guard let source = value(name) else { return nil }
        return template(source, at: pointer(name))
    }

    /// The template of a configuration, or `nil` when it holds no expression.
    mutating func configTemplate(_ config: JSONObject) -> Template? {
        guard JSONValue.object(config).holdsTemplate else { return nil }
        return template(.object(config), at: pointer("config"))?.template
    }

    private mutating func template(_ source: JSONValue, at place: JSONPointer) -> CompiledTemplate? {
        do {
            return CompiledTemplate(source: source, template: try Template(source))
        } catch {
            for found in error.errors {
                add(ValidationIssue(place.appending(found.pointer), found.error.description))
            }
            return nil
        }
    }
}

extension JSONValue {
    /// Whether a string in it holds `${`, so that it says something else than itself.
    var holdsTemplate: Bool {
        switch self {
        case .string(let text): text.holdsTemplate
        case .array(let elements): elements.contains { $0.holdsTemplate }
        case .object(let object): object.members.contains { $0.value.holdsTemplate }
        default: false
        }
    }
}

extension String {
    fileprivate var holdsTemplate: Bool {
        var previous: UInt8 = 0
        for byte in utf8 {
            if byte == UInt8(ascii: "{"), previous == UInt8(ascii: "$") { return true }
            previous = byte
        }
        return false
    }
}
