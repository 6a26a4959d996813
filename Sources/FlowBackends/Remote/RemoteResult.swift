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
        do { try await read(&events, body, into: &found, emit: emit) } catch {
            // What comes behind the result is of no interest, and how the stream ends neither.
            guard found != nil else { throw error }
        }
        // The service may have crashed, which the end of a stream does not tell.
        guard let found else {
            throw RemoteFault.invalid("the stream ended before its result", as: .incompleteStream, retriable: true)
        }
        return found
    }

    /// Reads events, and what comes behind the result until the stream ends, so that the connection can be used again.
    private static func read(
        _ events: inout EventStreamReader, _ body: AnswerBody, into found: inout NodeResult?, emit: (JSONValue) -> Void
    ) async throws {
        var surplus = 0
        try await body.forEach { part in
            guard found == nil else {
                // Some services never end their streams.
                surplus += part.count
                return surplus <= 4096
            }
            for event in events.events(in: part) where found == nil {
                switch event.type {
                case "chunk": emit(try RemoteService.json(event.data))
                case "result":
                    found = try result(try RemoteService.json(event.data))
                    body.expectEnd()
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
    }

    private static func result(_ value: JSONValue) throws(RemoteFault) -> NodeResult {
        do { return try NodeResult(decoding: value) } catch {
            throw .invalid("it is no result: " + error.issues.map(\.description).joined(separator: "; "))
        }
    }
}
