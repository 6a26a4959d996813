import FlowCore
import FlowJSON

/// The calls of tools that a model asks for, put together from their pieces.
struct ChatToolCalls: Sendable {
    private struct Call: Sendable {
        var id = ""
        var name = ""
        var arguments = ""
    }

    private var calls: [Int64: Call] = [:]

    /// Whether there is none.
    var isEmpty: Bool { calls.isEmpty }

    /// Takes a call, or a piece of one, in.
    ///
    /// - Parameter position: Its number, when it tells none itself.
    /// - Throws: ``NodeFailure`` when it is none.
    mutating func add(_ piece: JSONValue, at position: Int) throws(NodeFailure) {
        guard piece.object != nil else { throw ChatAnswer.malformed("a call of a tool is no object") }
        let number = piece["index"]?.integer ?? Int64(position)
        var call = calls[number] ?? Call()
        if let id = piece["id"]?.string { call.id = id }
        if let name = piece["function"]?["name"]?.string { call.name += name }
        if let arguments = piece["function"]?["arguments"]?.string { call.arguments += arguments }
        calls[number] = call
    }

    /// The calls as the output shows them. Arguments that are no JSON are shown as their text.
    var json: JSONValue {
        .array(
            calls.sorted { $0.key < $1.key }.map { _, call in
                let arguments = (try? JSONParser.parse(call.arguments)) ?? .string(call.arguments)
                return ["id": .string(call.id), "name": .string(call.name), "arguments": arguments]
            })
    }
}
