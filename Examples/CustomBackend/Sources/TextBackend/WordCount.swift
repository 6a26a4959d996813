public import FlowCore
public import FlowJSON

/// A node type: counts the words of its input's `text`. While it reads, it hands out each word that is longer than those
/// before it.
public struct WordCount: NodeType {
    /// Makes the type.
    public init() {}

    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "word-count",
        summary: "Counts the words of {text}, of at least min_length characters; its output is {words, longest}.",
        configSchema: [
            "type": "object", "additionalProperties": false,
            "properties": ["min_length": ["type": "integer", "minimum": 1, "default": 1]],
        ])

    /// Tells everything that is wrong, each with its place in the configuration.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        _ = fields.integer("min_length", in: 1...1000)
        return fields.finish()
    }

    /// Counts. A node that fails returns a failure; nothing is thrown for it.
    public func execute(_ request: NodeRequest) async throws -> NodeResult {
        guard let text = request.input["text"]?.string else {
            return .failure(NodeFailure(.invalid, "the input has no text"))
        }
        let shortest = request.node.config["min_length"]?.integer ?? 1
        var count: Int64 = 0
        var longest = ""
        for word in text.split(whereSeparator: \.isWhitespace) where word.count >= shortest {
            try Task.checkCancellation()
            count += 1
            guard word.count > longest.count else { continue }
            longest = String(word)
            request.emit(["longest": .string(longest)])
        }
        return .success(output: ["words": .integer(count), "longest": .string(longest)])
    }
}
