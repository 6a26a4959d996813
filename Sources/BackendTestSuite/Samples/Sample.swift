public import FlowJSON

/// A node whose behaviour is known, with what it is given and what comes of it.
public struct Sample: Hashable, Sendable {
    /// The node's type.
    public var type: String
    /// The node's configuration.
    public var config: JSONObject
    /// What the node works on.
    public var input: JSONValue
    /// What it makes of that; `nil` when that does not matter.
    public var output: JSONValue?
    /// The parts of its result, in their order; `nil` when they do not matter.
    public var chunks: [JSONValue]?

    /// Makes a sample.
    public init(
        type: String, config: JSONObject = JSONObject(), input: JSONValue = .object(JSONObject()),
        output: JSONValue? = nil, chunks: [JSONValue]? = nil
    ) {
        self.type = type
        self.config = config
        self.input = input
        self.output = output
        self.chunks = chunks
    }
}

extension Sample {
    /// The node of a workflow.
    ///
    /// - Parameters:
    ///   - id: The node's id.
    ///   - more: Further fields of it.
    func node(_ id: String, _ more: JSONObject = JSONObject()) -> JSONValue {
        var node: JSONObject = ["node_id": .string(id), "type": .string(type), "config": .object(config)]
        for member in more.members { node[member.name] = member.value }
        return .object(node)
    }

    /// The same on another input.
    func on(_ input: JSONValue) -> Sample {
        var sample = self
        sample.input = input
        return sample
    }

    /// The sample with every `{url}` in its configuration and input replaced.
    func calling(_ url: String) -> Sample {
        var sample = self
        sample.config = Self.replacing(.object(config), url).object ?? config
        sample.input = Self.replacing(input, url)
        return sample
    }

    private static func replacing(_ value: JSONValue, _ url: String) -> JSONValue {
        switch value {
        case .string(let text):
            let parts = text.split(separator: "{url}", omittingEmptySubsequences: false)
            return parts.count > 1 ? .string(parts.joined(separator: url)) : value
        case .array(let elements): return .array(elements.map { replacing($0, url) })
        case .object(let object):
            var replaced = JSONObject()
            for member in object.members { replaced[member.name] = replacing(member.value, url) }
            return .object(replaced)
        default: return value
        }
    }
}
