import FlowCore
import FlowJSON

/// A model's answer, put together from all that the service sent of it.
struct ChatAnswer: Sendable {
    private var model: String?
    private var usage: JSONObject?
    private var finishReason: String?
    private var text = ""
    private var refusal: String?
    private var toolCalls = ChatToolCalls()

    /// Reads an answer that comes as a whole.
    ///
    /// - Throws: ``NodeFailure`` when it is none.
    init(whole bytes: [UInt8]) throws(NodeFailure) {
        _ = try add(Self.parsed(bytes), member: "message")
        guard finishReason != nil else { throw Self.malformed("it has no finish_reason") }
    }

    /// Reads an answer that comes as a stream of chunks, and hands out each piece of its text.
    ///
    /// - Throws: ``NodeFailure`` when it breaks off or is none; `CancellationError`.
    init(streamed body: AnswerBody, _ emit: (String) -> Void) async throws {
        var events = EventStreamReader()
        var isDone = false
        try await body.forEach { part in
            for event in events.read(part) {
                if event.elementsEqual("[DONE]".utf8) {
                    isDone = true
                    return false
                }
                let piece = try add(Self.parsed(event), member: "delta")
                if !piece.isEmpty { emit(piece) }
            }
            return true
        }
        // Some services leave the last event out: then the reason why the model stopped says that it did.
        guard isDone || finishReason != nil else {
            throw NodeFailure(.unavailable, "the stream ended before the answer was complete", retriable: true)
        }
        guard finishReason != nil else { throw Self.malformed("it has no finish_reason") }
    }

    /// Takes a chunk, or a whole answer, in.
    ///
    /// - Parameter member: Where a choice holds what was said.
    /// - Returns: the text in it.
    private mutating func add(_ value: JSONValue, member: String) throws(NodeFailure) -> String {
        if let error = value["error"], !error.isNull { throw ChatRefusal.failure(inStream: error) }
        guard let choices = value["choices"]?.array else { throw Self.malformed("it has no choices") }
        if let name = value["model"]?.string, !name.isEmpty { model = name }
        if let usage = value["usage"]?.object { self.usage = usage }
        guard let choice = choices.first(where: { ($0["index"]?.integer ?? 0) == 0 }) else { return "" }
        if let reason = try Self.text(choice, "finish_reason") { finishReason = reason }
        let said = choice[member] ?? .null
        guard said.object != nil || said.isNull else { throw Self.malformed("\"\(member)\" is no object") }
        let piece = try Self.text(said, "content") ?? ""
        text += piece
        if let more = try Self.text(said, "refusal") { refusal = (refusal ?? "") + more }
        for (position, call) in (said["tool_calls"]?.array ?? []).enumerated() {
            try toolCalls.add(call, at: position)
        }
        return piece
    }

    /// What the node puts out.
    ///
    /// - Parameter isJSON: Whether the text is a JSON value, as it was asked for.
    /// - Throws: ``NodeFailure`` when the text is no JSON.
    func output(isJSON: Bool) throws(NodeFailure) -> JSONValue {
        var output: JSONObject = ["content": .string(text), "finish_reason": finishReason.map { .string($0) } ?? .null]
        if isJSON, toolCalls.isEmpty {
            do {
                output["content"] = try JSONParser.parse(text)
            } catch {
                throw invalid(
                    refusal == nil ? "the model's answer is not JSON: \(error)" : "the model refused to answer")
            }
        }
        if let refusal { output["refusal"] = .string(refusal) }
        if !toolCalls.isEmpty { output["tool_calls"] = toolCalls.json }
        return .object(output)
    }

    private func invalid(_ message: String) -> NodeFailure {
        var details: JSONObject = ["content": .string(String((refusal ?? text).prefix(1000)))]
        if let finishReason { details["finish_reason"] = .string(finishReason) }
        return NodeFailure(.invalidOutput, message, retriable: true, details: .object(details))
    }

    /// What is known of the answer beside it.
    var metadata: JSONObject {
        var metadata = JSONObject()
        if let model { metadata["model"] = .string(model) }
        if let finishReason { metadata["finish_reason"] = .string(finishReason) }
        var counts = JSONObject()
        for name in ["prompt_tokens", "completion_tokens", "total_tokens"] {
            if let count = usage?[name]?.integer { counts[name] = .integer(count) }
        }
        if !counts.isEmpty { metadata["usage"] = .object(counts) }
        return metadata
    }

    private static func parsed(_ bytes: [UInt8]) throws(NodeFailure) -> JSONValue {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            throw malformed("it is not JSON: \(error)")
        }
    }

    private static func text(_ value: JSONValue, _ name: String) throws(NodeFailure) -> String? {
        switch value[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some: throw malformed("\"\(name)\" is no string")
        }
    }

    /// What a service says that does not speak the protocol; another attempt may reach one that does.
    static func malformed(_ reason: String) -> NodeFailure {
        NodeFailure(.failed, "the service's answer cannot be read: \(reason)", retriable: true)
    }
}
