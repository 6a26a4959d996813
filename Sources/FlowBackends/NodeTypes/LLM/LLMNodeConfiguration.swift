import FlowCore
import FlowJSON

/// What an `llm` node says of its call.
struct LLMNodeConfiguration: Sendable {
    static let defaultURL = "https://api.openai.com/v1"
    static let defaultResponseBytes = 16 << 20

    var url: OutboundURL
    var key: String?
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    var streams: Bool
    var wantsJSON: Bool
    var maxResponseBytes: Int

    /// Reads a configuration.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(_ config: JSONObject) throws(ValidationError) {
        var fields = FieldReader(config, at: [])
        fields.require("model")
        let model = fields.text("model")
        let messages = Self.messages(&fields, config)
        let base = fields.value("base_url", expected: "an absolute http or https URL without credentials") {
            $0.string.flatMap(Self.url)
        }
        let key = Self.key(&fields)
        let headers = Self.headers(&fields, hasKey: key != nil)
        let parameters = Self.parameters(&fields)
        let schema = fields.object("response_schema")
        let streams = fields.bool("stream") ?? true
        let maxResponseBytes = fields.integer("max_response_bytes", in: 1...(64 << 20))
        let issues = fields.finish()
        guard issues.isEmpty, let model, let url = base ?? Self.url(Self.defaultURL) else {
            throw ValidationError(issues)
        }
        self.url = url
        self.key = key
        self.headers = headers
        self.streams = streams
        self.maxResponseBytes = maxResponseBytes ?? Self.defaultResponseBytes
        wantsJSON = schema != nil
        var request: JSONObject = ["model": .string(model), "messages": .array(messages)]
        for parameter in parameters.members { request[parameter.name] = parameter.value }
        if let schema {
            let format: JSONObject = ["name": "answer", "schema": .object(schema), "strict": true]
            request["response_format"] = ["type": "json_schema", "json_schema": .object(format)]
        }
        request["stream"] = .bool(streams)
        if streams { request["stream_options"] = ["include_usage": true] }
        body = JSONWriter.bytes(of: .object(request))
    }

    /// Where completions are made below a base, whose query is kept.
    private static func url(_ base: String) -> OutboundURL? {
        guard !base.contains("#") else { return nil }
        let parts = base.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path = parts[0]
        while path.hasSuffix("/") { path.removeLast() }
        let query = parts.count > 1 ? "?" + parts[1] : ""
        return OutboundURL(path + "/chat/completions" + query)
    }

    private static func messages(_ fields: inout FieldReader, _ config: JSONObject) -> [JSONValue] {
        let list = fields.value("messages")
        let prompt = fields.value("prompt", expected: "a string") { $0.string }
        let system = fields.value("system", expected: "a string") { $0.string }
        guard let list else {
            if config["prompt"] == nil {
                fields.add(ValidationIssue([], "a \"prompt\" or \"messages\" are required"))
            }
            return (system.map { [ChatMessage.text("system", $0)] } ?? [])
                + (prompt.map { [ChatMessage.text("user", $0)] } ?? [])
        }
        if config["prompt"] != nil || config["system"] != nil {
            fields.add(
                ValidationIssue([], "\"prompt\" and \"system\" are the short form of \"messages\": give one form"))
        }
        guard let elements = list.array, !elements.isEmpty else {
            fields.refuse("messages", "expected a list of at least one message")
            return []
        }
        var messages: [JSONValue] = []
        for (index, element) in elements.enumerated() {
            do {
                messages.append(try ChatMessage.read(element, at: fields.pointer("messages").appending(index)))
            } catch {
                fields.add(error.issues)
            }
        }
        return messages
    }

    /// The key; what is no key is not shown.
    private static func key(_ fields: inout FieldReader) -> String? {
        guard let value = fields.value("api_key") else { return nil }
        guard let key = value.string, (1...8192).contains(key.utf8.count),
            key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            fields.refuse("api_key", "expected a key of visible ASCII characters, such as \"${secrets.openai}\"")
            return nil
        }
        return key
    }

    private static func headers(_ fields: inout FieldReader, hasKey: Bool) -> [(name: String, value: String)] {
        let headers = (fields.textMap("headers") ?? [:]).sorted { $0.key < $1.key }
        for (name, value) in headers {
            let detail: String
            switch name.lowercased() {
            case "accept", "content-type": detail = "the node sets this field itself"
            case "authorization" where hasKey: detail = "\"api_key\" sets this field"
            default:
                guard !HeaderField.isAcceptable(name, value) else { continue }
                detail = "not a header field that can be sent"
            }
            fields.add(ValidationIssue(fields.pointer("headers").appending(name), detail))
        }
        return headers.map { ($0.key, $0.value) }
    }

    /// What is handed on to the service as it stands.
    private static func parameters(_ fields: inout FieldReader) -> JSONObject {
        var parameters = JSONObject()
        func number(_ name: String, upTo bound: Double) {
            parameters[name] = fields.value(name, expected: "a number from 0 to \(Int(bound))") {
                guard let number = $0.double, (0...bound).contains(number) else { return nil }
                return $0
            }
        }
        number("temperature", upTo: 2)
        number("top_p", upTo: 1)
        for name in ["max_tokens", "max_completion_tokens"] {
            parameters[name] = fields.integer(name, in: 1...10_000_000).map { .integer(Int64($0)) }
        }
        parameters["seed"] = fields.value("seed", expected: "an integer") { $0.integer.map { .integer($0) } }
        parameters["stop"] = stop(&fields)
        parameters["tools"] = fields.parts("tools")
        parameters["tool_choice"] = fields.value("tool_choice", expected: "a string or an object") {
            $0.string != nil || $0.object != nil ? $0 : nil
        }
        return parameters
    }

    private static func stop(_ fields: inout FieldReader) -> JSONValue? {
        let value = fields.value("stop", expected: "a string, or a list of 1 to 4 strings") { value in
            (1...4).contains((value.array ?? []).count) || value.string?.isEmpty == false ? value : nil
        }
        for (index, element) in (value?.array ?? []).enumerated() where element.string?.isEmpty != false {
            fields.add(ValidationIssue(fields.pointer("stop").appending(index), "expected a string that is not empty"))
        }
        return value
    }
}

extension FieldReader {
    /// A list of objects that each have a type; an issue for each element that is none.
    mutating func parts(_ name: String, orText: Bool = false) -> JSONValue? {
        let expected = orText ? "a string, or a list of parts" : "a list of at least one object"
        let value = value(name, expected: expected) { value in
            value.array?.isEmpty == false || orText && value.string != nil ? value : nil
        }
        for (index, element) in (value?.array ?? []).enumerated() where element["type"]?.string == nil {
            add(ValidationIssue(pointer(name).appending(index), "expected an object with a type"))
        }
        return value
    }
}
