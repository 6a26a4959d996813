import FlowCore
import FlowJSON

/// Reads the messages of a conversation as they are sent to the service.
enum ChatMessage {
    static let roles = ["system", "developer", "user", "assistant", "tool"]

    /// A message of text.
    static func text(_ role: String, _ content: String) -> JSONValue {
        ["role": .string(role), "content": .string(content)]
    }

    /// Reads a message.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    static func read(_ value: JSONValue, at place: JSONPointer) throws(ValidationError) -> JSONValue {
        guard var message = value.object else { throw ValidationError([ValidationIssue(place, "expected an object")]) }
        var fields = FieldReader(message, at: place)
        fields.require("role")
        let role = fields.value("role", expected: "one of \(roles.joined(separator: ", "))") {
            $0.string.flatMap { roles.contains($0) ? $0 : nil }
        }
        _ = fields.parts("content", orText: true)
        _ = fields.text("name")
        _ = fields.text("tool_call_id")
        let calls = fields.array("tool_calls")
        if calls == nil { fields.require("content") }
        if role == "tool" { fields.require("tool_call_id") }
        var sent: [JSONValue] = []
        for (index, call) in (calls ?? []).enumerated() {
            if let call = self.call(call) {
                sent.append(call)
            } else {
                let place = fields.pointer("tool_calls").appending(index)
                fields.add(ValidationIssue(place, "expected an object with an id, a name and arguments"))
            }
        }
        let issues = fields.finish()
        guard issues.isEmpty else { throw ValidationError(issues) }
        if calls != nil { message["tool_calls"] = .array(sent) }
        return .object(message)
    }

    /// A call of a tool, in the form in which this node puts it out or in that of the service.
    private static func call(_ value: JSONValue) -> JSONValue? {
        guard let id = value["id"]?.string else { return nil }
        if let name = value["function"]?["name"]?.string, let arguments = value["function"]?["arguments"]?.string {
            return sent(id, name, arguments)
        }
        guard let name = value["name"]?.string, let arguments = value["arguments"] else { return nil }
        return sent(id, name, arguments.string ?? arguments.description)
    }

    private static func sent(_ id: String, _ name: String, _ arguments: String) -> JSONValue {
        [
            "id": .string(id), "type": "function",
            "function": ["name": .string(name), "arguments": .string(arguments)],
        ]
    }
}
