import FlowCore
import FlowJSON

/// Reads what a remote backend answers when it has executed a node.
enum RemoteResult {
    /// Reads a result, as a whole or behind its parts.
    ///
    /// - Throws: ``RemoteFault`` when the answer is none.
    static func read(
        _ head: OutboundHTTP.AnswerHead, _ body: AnswerBody, emit: (JSONValue) -> Void
    ) async throws -> NodeResult {
        guard head["content-type"]?.lowercased().hasPrefix("text/event-stream") == true else {
            return try result(try RemoteService.json(head, await body.all()))
        }
        var events = EventStreamReader()
        var found: NodeResult?
        try await body.forEach { part in
            for event in events.events(in: part) {
                switch event.type {
                case "chunk": emit(try RemoteService.json(event.data))
                case "result":
                    found = try result(try RemoteService.json(event.data))
                    // What else may come is of no interest, and some services never end their streams.
                    return false
                case "error":
                    let problem = try RemoteService.json(event.data)
                    let status = problem["status"]?.integer.flatMap { Int(exactly: $0) } ?? 500
                    let said = problem["detail"]?.string.map { String($0.prefix(500)) }
                    throw RemoteFault(status: status, said: said) ?? .invalid("an error in it has a status of success")
                default: break
                }
            }
            return true
        }
        // The service may have crashed, which the end of a stream does not tell.
        guard let found else { throw RemoteFault.invalid("the stream ended before its result", retriable: true) }
        return found
    }

    private static func result(_ value: JSONValue) throws(RemoteFault) -> NodeResult {
        do { return try NodeResult(decoding: value) } catch {
            throw .invalid("it is no result: " + error.issues.map(\.description).joined(separator: "; "))
        }
    }
}
