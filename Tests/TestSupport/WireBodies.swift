package import FlowJSON

/// What a backend is sent to execute a node.
package func execution(
    _ type: String, _ config: JSONValue = [:], input: JSONValue = ["n": 1], node: String = "a", run: String = "run-1"
) -> JSONValue {
    [
        "node": ["node_id": .string(node), "type": .string(type), "config": config],
        "node_context": ["input_data": input, "attempt": 1],
        "workflow_context": ["workflow_id": .string(run)],
    ]
}

/// The events of a body of server-sent events, without comments.
package func serverSentEvents(_ text: String) -> [(type: String, data: JSONValue)] {
    text.split(separator: "\n\n").compactMap { block in
        let lines = block.split(separator: "\n")
        guard let type = lines.first(where: { $0.hasPrefix("event: ") }),
            let data = lines.first(where: { $0.hasPrefix("data: ") })
        else { return nil }
        return (String(type.dropFirst(7)), (try? JSONParser.parse(String(data.dropFirst(6)))) ?? .null)
    }
}
