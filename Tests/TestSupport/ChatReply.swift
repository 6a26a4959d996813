package import FlowJSON
package import FlowTesting

/// What a ``FakeChatService`` answers.
package struct ChatReply: Sendable {
    /// What happens on the wire.
    package enum Step: Sendable {
        /// Bytes go out, as a chunk and a segment of their own.
        case send([UInt8])
        /// Nothing happens until a gate is open.
        case wait(Gate)
        /// The connection is closed within the body.
        case cut

        /// Text goes out.
        package static func text(_ text: String) -> Step { .send(Array(text.utf8)) }
        /// An event of a stream goes out.
        package static func event(_ value: JSONValue) -> Step { .text("data: \(value)\n\n") }
        /// A piece of the model's text goes out.
        package static func piece(_ text: String) -> Step { .event(ChatReply.chunk(["content": .string(text)])) }
        /// The end of a stream goes out.
        package static var done: Step { .text("data: [DONE]\n\n") }
    }

    package var status = 200
    package var fields: [(name: String, value: String)]
    package var steps: [Step]

    package init(status: Int = 200, type: String = "text/event-stream", _ steps: [Step]) {
        self.status = status
        fields = [("Content-Type", type)]
        self.steps = steps
    }

    /// What the service counts for an answer.
    package static let usage: JSONValue = ["prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13]

    /// A chunk of a streamed answer.
    package static func chunk(_ delta: JSONValue, finish: JSONValue = .null) -> JSONValue {
        [
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "fake-1-0613",
            "choices": [["index": 0, "delta": delta, "finish_reason": finish]], "usage": .null,
        ]
    }

    /// What ends a streamed answer: the reason, the usage and the last event.
    package static func ending(_ reason: String = "stop") -> [Step] {
        let count: JSONValue = [
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "fake-1-0613",
            "choices": [], "usage": usage,
        ]
        return [.event(chunk([:], finish: .string(reason))), .event(count), .done]
    }

    /// A streamed answer whose text comes in pieces.
    package static func streamed(_ pieces: [String], finish reason: String = "stop") -> ChatReply {
        let start: [Step] = [.event(chunk(["role": "assistant", "content": ""]))]
        return ChatReply(start + pieces.map { .piece($0) } + ending(reason))
    }

    /// An answer as a whole.
    package static func whole(_ message: JSONValue, finish reason: String = "stop") -> ChatReply {
        let choice: JSONValue = [
            "index": 0, "message": message, "finish_reason": .string(reason), "logprobs": .null,
        ]
        return json([
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "fake-1-0613",
            "choices": [choice], "usage": usage,
        ])
    }

    /// An answer of text, or of what the service was asked for.
    package static func answer(_ text: String, to request: FakeChatService.Request) -> ChatReply {
        request.body["stream"]?.bool == true
            ? streamed(text.map { String($0) }) : whole(["role": "assistant", "content": .string(text)])
    }

    /// An answer of JSON.
    package static func json(_ value: JSONValue, status: Int = 200) -> ChatReply {
        ChatReply(status: status, type: "application/json", [.text("\(value)")])
    }

    /// The service's error.
    package static func error(_ status: Int, _ message: String, type: String, code: JSONValue = .null) -> ChatReply {
        json(
            ["error": ["message": .string(message), "type": .string(type), "param": .null, "code": code]],
            status: status)
    }

    /// Sends the answer.
    ///
    /// - Returns: false when the client has left before its end.
    func send(on connection: RawConnection) async -> Bool {
        var head = "HTTP/1.1 \(status) Said\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        guard await connection.send(head + "\r\n") else { return false }
        for step in steps {
            switch step {
            case .send(let bytes):
                let size = Array("\(String(bytes.count, radix: 16))\r\n".utf8)
                guard await connection.send(size + bytes + [13, 10]) else { return false }
            case .wait(let gate): guard await gate.pass() else { return true }
            case .cut: return true
            }
        }
        return await connection.send("0\r\n\r\n")
    }
}
