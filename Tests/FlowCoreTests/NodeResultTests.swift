import FlowCore
import FlowJSON
import Testing

@Suite("results as JSON")
struct NodeResultTests {
    @Test(
        "a result that is written is read back",
        arguments: [
            NodeResult.success(output: ["a": 1]), .success(output: .null),
            .success(output: 1, notes: CompletionNotes(next: "b", metadata: ["cost": 2])),
            .failure(NodeFailure("odd", "no", retriable: true, details: ["x": 1])),
            .interrupted(prompt: ["ask": "you"]),
        ])
    func roundTrip(result: NodeResult) throws { #expect(try NodeResult(decoding: result.json) == result) }

    @Test("the little that a service in another language may say is enough")
    func leniency() throws {
        #expect(try NodeResult(decoding: ["success": true]) == .success(output: .null))
        #expect(
            try NodeResult(decoding: ["success": true, "output": 1, "error": .null, "more": 2]) == .success(output: 1))
        #expect(try NodeResult(decoding: ["success": false, "error": "no"]) == .failure(NodeFailure(.failed, "no")))
        #expect(
            try NodeResult(decoding: ["success": false, "error": ["message": "no"]])
                == .failure(NodeFailure(.failed, "no")))
    }

    @Test(
        "what is no result is refused at its place",
        arguments: [
            ([], ""), (["output": 1], ""), (["success": .null], "/success"), (["success": 1], "/success"),
            (["success": true, "error": "x"], "/error"), (["success": false, "error": 3], "/error"),
            (["success": true, "next_node_id": "a b"], "/next_node_id"),
            (["success": true, "metadata": 1], "/metadata"),
            (["success": false, "should_interrupt": true], "/should_interrupt"),
        ] as [(JSONValue, String)])
    func refusals(value: JSONValue, place: String) {
        let error = #expect(throws: ValidationError.self) { _ = try NodeResult(decoding: value) }
        #expect(error?.issues.map(\.pointer.description) == [place])
    }
}
