import FlowJSON
import TestSupport
import Testing

/// A workflow that was submitted before is not read again: nothing of a submission may come from another one.
@Suite("workflows that come again", .timeLimit(.minutes(1)))
struct RecentWorkflowTests {
    static func submit(_ text: String, to server: TestServer, _ path: String = "/workflows") async throws
        -> TestResponse
    {
        try await server.client.send(
            "POST", path, bytes: Array(text.utf8), headers: ["Content-Type": "application/json", "Prefer": "wait=20"])
    }

    /// A workflow's text, whose one node gives a number and its input.
    static func text(_ number: Int) -> String {
        """
        {"name":"w","variables":{"a":1},"nodes":[{"node_id":"a","type":"set","config":{"value":\
        {"number":\(number),"input":"${input.n}","variable":"${variables.a}"}}}]}
        """
    }

    @Test("runs of the same text have their own inputs, variables, labels and ids")
    func rest() async throws {
        try await TestServer.with { server in
            var ids: Set<String> = []
            for number in 1...3 {
                let run = try await Self.submit(
                    """
                    {"workflow":\(Self.text(7)),"input":{"n":\(number)},"labels":{"l":"\(number)"},"variables":{"a":\(number * 10)}}
                    """, to: server)
                #expect(run.status == 200, "\(run.text)")
                let output: JSONValue = [
                    "number": 7, "input": .integer(Int64(number)), "variable": .integer(Int64(number * 10)),
                ]
                #expect(run.json["output"] == output, "\(run.text)")
                #expect(run.json["labels"] == ["l": .string("\(number)")])
                ids.insert(run.json["workflow_id"]?.string ?? "")
            }
            // Without variables of its own the workflow's count, not those of the submission before.
            let run = try await Self.submit("{\"workflow\":\(Self.text(7)),\"input\":{\"n\":1}}", to: server)
            #expect(run.json["output"]?["variable"] == 1)
            #expect(ids.count == 3)
        }
    }

    @Test("texts by turns, more than are remembered, with other spaces and longer than any that is, are each their own")
    func turns() async throws {
        try await TestServer.with { server in
            let space = String(repeating: " ", count: 40_000)
            for turn in 0..<2 {
                for number in 0..<12 {
                    let text = Self.text(number)
                    for text in [text, " " + text, text.replacing("\"name\":\"w\"", with: "\"name\":\(space)\"w\"")] {
                        let run = try await Self.submit("{\"input\":{\"n\":\(turn)},\"workflow\":\(text)}", to: server)
                        #expect(run.status == 200, "\(run.text)")
                        #expect(run.json["output"]?["number"] == .integer(Int64(number)))
                        #expect(run.json["output"]?["input"] == .integer(Int64(turn)))
                    }
                }
            }
        }
    }

    @Test("what is wrong beside a workflow that came before is refused, and so is, each time, a workflow that is wrong")
    func refused() async throws {
        try await TestServer.with { server in
            #expect(
                try await Self.submit("{\"workflow\":\(Self.text(1)),\"input\":{\"n\":1}}", to: server).status == 200)
            for (rest, status, place) in [
                (",\"odd\":1", 422, "/odd"), (",\"backend\":\"none\"", 422, "/backend"),
                (",\"labels\":{\"\":\"\"}", 422, "/labels/"),
                (",\"workflow\":\(Self.text(1))", 400, ""), (",\"definition\":\"w\"", 422, "/definition"),
                (",", 400, ""),
            ] {
                for path in ["/workflows", "/workflows/match"] {
                    let response = try await Self.submit("{\"workflow\":\(Self.text(1))\(rest)}", to: server, path)
                    #expect(response.status == status && response.isProblem, "\(rest): \(response.text)")
                    #expect(response.places == [place], "\(rest): \(response.text)")
                }
            }
            for _ in 0..<2 {
                let wrong = Self.text(1).replacing("\"type\":\"set\"", with: "\"type\":\"odd\",\"more\":1")
                let response = try await Self.submit("{\"workflow\":\(wrong)}", to: server)
                #expect(response.status == 422)
                #expect(response.places == ["/workflow/nodes/0/more"], "\(response.text)")
            }
        }
    }

    @Test("a workflow that came before is checked again against the backend that is to execute it")
    func backends() async throws {
        try await TestServer.with { server in
            let body = "{\"workflow\":\(Self.text(1)),\"input\":{\"n\":1},\"backend\":\"later\"}"
            #expect(try await Self.submit(body, to: server).places == ["/backend"])
            let registration: JSONValue = ["name": "later", "type": "logging", "config": ["backend": "native"]]
            #expect(try await server.client.send("POST", "/backends", registration).status == 201)
            let run = try await Self.submit(body, to: server)
            #expect(run.status == 200 && run.json["backend"] == "later", "\(run.text)")
            #expect(try await server.client.send("DELETE", "/backends/later?drain=true").status < 300)
            #expect(try await Self.submit(body, to: server).places == ["/backend"])
        }
    }
}
