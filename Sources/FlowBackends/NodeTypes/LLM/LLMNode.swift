public import FlowCore
public import FlowJSON

/// Has a language model answer, by a service that speaks the chat completions of OpenAI.
///
/// While the service streams, each piece of the text is handed out as `{"content": text}`.
public struct LLMNode: NodeType {
    private let calls: OutboundHTTP

    /// Makes the type.
    ///
    /// - Parameter calls: How it calls out.
    public init(calls: OutboundHTTP) { self.calls = calls }

    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "llm",
        summary: "Asks a language model by OpenAI-compatible chat completions; its output is {content, finish_reason}.",
        configSchema: LLMNodeConfiguration.schema)

    /// Checks every field.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        ValidationError.issues { () throws(ValidationError) in try LLMNodeConfiguration(config) }
    }

    /// Asks the service.
    public func execute(_ request: NodeRequest) async throws -> NodeResult {
        let configuration: LLMNodeConfiguration
        do {
            configuration = try LLMNodeConfiguration(request.node.config)
        } catch {
            return .failure(NodeFailure(.invalid, error.issues.map(\.description).joined(separator: "; ")))
        }
        let keys = CallKeys(configuration)
        do {
            let answer = try await answer(to: request, configuration, keys)
            let output = try answer.output(isJSON: configuration.wantsJSON)
            return .success(
                output: keys.redacted(output), notes: CompletionNotes(metadata: keys.redacted(answer.metadata)))
        } catch let failure as NodeFailure {
            return .failure(keys.redacted(failure))
        }
    }

    private func answer(
        to request: NodeRequest, _ configuration: LLMNodeConfiguration, _ keys: CallKeys
    ) async throws -> ChatAnswer {
        var headers = configuration.headers
        headers.append(("Content-Type", "application/json"))
        headers.append(("Accept", configuration.streams ? "text/event-stream, application/json" : "application/json"))
        if let key = configuration.key { headers.append(("Authorization", "Bearer \(key)")) }
        let call = OutboundHTTP.Call(
            method: "POST", url: configuration.url,
            headers: request.addingAttempt(to: headers, hasEffects: true), body: configuration.body,
            maxResponseBytes: configuration.maxResponseBytes, followsRedirects: true, timeout: request.timeLeft)
        let emit = request.emit
        return try await calls.send(call, on: request.clock) { head, body in
            guard (200...299).contains(head.status) else { throw try await ChatRefusal.failure(head, body) }
            // A service that does not stream answers as a whole, whatever it was asked for.
            let type = head["content-type"]?.lowercased() ?? ""
            guard type.hasPrefix("text/event-stream") else { return try ChatAnswer(whole: await body.all()) }
            var filter = PieceFilter(keys)
            func hand(_ piece: String) { if !piece.isEmpty { emit(["content": .string(piece)]) } }
            let answer = try await ChatAnswer(streamed: body) { hand(filter.take($0)) }
            hand(filter.rest())
            return answer
        }
    }
}
