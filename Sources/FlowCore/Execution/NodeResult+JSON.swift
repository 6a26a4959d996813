public import FlowJSON

extension NodeResult {
    /// The result as backends tell it over HTTP.
    public var json: JSONValue {
        switch self {
        case .success(let output, let notes):
            var object: JSONObject = ["success": true, "output": output, "error": .null]
            if let next = notes?.next { object["next_node_id"] = .string(next.rawValue) }
            if let metadata = notes?.metadata, !metadata.isEmpty { object["metadata"] = .object(metadata) }
            return .object(object)
        case .failure(let failure): return ["success": false, "output": .null, "error": failure.json]
        case .interrupted(let prompt):
            return [
                "success": true, "output": .null, "error": .null, "should_interrupt": true, "prompt": prompt,
            ]
        }
    }

    /// Reads a result. A failure may be told as an error object or as a mere text; unknown members are passed over, so
    /// that later versions can say more.
    ///
    /// - Throws: ``ValidationError`` with everything that keeps the value from being a result.
    public init(decoding value: JSONValue) throws(ValidationError) {
        guard let object = value.object else {
            throw ValidationError([ValidationIssue([], "expected an object, found \(value.typeName)")])
        }
        var present = JSONObject()
        for member in object.members where !member.value.isNull || member.name == "success" {
            present[member.name] = member.value
        }
        var fields = FieldReader(present, at: [])
        fields.require("success")
        let succeeded = fields.bool("success")
        let failure = fields.value("error", expected: "an object with a message, or a string", Self.failure)
        let next = fields.value("next_node_id", expected: "a node's id") { $0.string.flatMap(NodeID.init(checking:)) }
        let metadata = fields.object("metadata")
        let interrupts = fields.bool("should_interrupt") ?? false
        if succeeded == true, present["error"] != nil {
            fields.refuse("error", "a result that is a success has no error")
        }
        if succeeded == false, interrupts {
            fields.refuse("should_interrupt", "a result that is a failure does not interrupt")
        }
        guard fields.issues.isEmpty, let succeeded else { throw ValidationError(fields.issues) }
        if interrupts {
            self = .interrupted(prompt: object["prompt"] ?? .null)
        } else if succeeded {
            let hasNotes = next != nil || metadata?.isEmpty == false
            self = .success(
                output: object["output"] ?? .null,
                notes: hasNotes ? CompletionNotes(next: next, metadata: metadata ?? JSONObject()) : nil)
        } else {
            self = .failure(failure ?? NodeFailure(.failed, "the node failed, and nothing tells why"))
        }
    }

    private static func failure(_ value: JSONValue) -> NodeFailure? {
        if let text = value.string { return NodeFailure(.failed, text) }
        guard value["message"]?.string != nil, var object = value.object else { return nil }
        if object["code"] == nil { object["code"] = .string(NodeFailure.Code.failed.rawValue) }
        return NodeFailure(decoding: .object(object))
    }
}
