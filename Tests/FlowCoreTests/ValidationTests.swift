import FlowCore
import FlowJSON
import Testing

@Suite("validation of workflows", .timeLimit(.minutes(1)))
struct ValidationTests {
    static let refused: [(text: String, pointers: [String])] = [
        (#"{}"#, ["", ""]),
        (#"{"name":"x","nodes":[]}"#, ["/nodes"]),
        (#"{"name":"","nodes":[{"node_id":"a","type":"t"}]}"#, ["/name"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t"},{"node_id":"a","type":"t"}]}"#, ["/nodes/1/node_id"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t","depends_on":["b"]}]}"#, ["/nodes/0/depends_on/0"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t","depends_on":["a"]}]}"#, ["/nodes/0/depends_on/0"]),
        (#"{"name":"x","nodes":[{"node_id":"a b","type":"t"}]}"#, ["/nodes/0/node_id"]),
        (#"{"name":"x","nodes":[{"node_id":"a"}]}"#, ["/nodes/0"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t","retries":3}]}"#, ["/nodes/0/retries"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t","timeout":"soon"}]}"#, ["/nodes/0/timeout"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t","timeout":null}]}"#, ["/nodes/0/timeout"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t","config":[]}]}"#, ["/nodes/0/config"]),
        (#"{"name":"x","nodes":[{"node_id":"a","type":"t"}],"extra":1}"#, ["/extra"]),
        (#"{"name":"x","nodes":["a"]}"#, ["/nodes/0"]),
        (
            #"{"name":1,"nodes":[{"node_id":2,"type":3}],"timeout":-1}"#,
            ["/name", "/timeout", "/nodes/0/node_id", "/nodes/0/type"]
        ),
    ]

    @Test("everything that is wrong is named with its place", arguments: refused.indices)
    func refusals(index: Int) throws {
        let (text, pointers) = Self.refused[index]
        do {
            _ = try Workflow(decoding: try JSONParser.parse(text))
            Issue.record("\(text) was accepted")
        } catch let error as ValidationError {
            #expect(error.issues.map(\.pointer.description).sorted() == pointers.sorted(), "\(error.issues)")
        }
    }

    @Test("a cycle is named in full")
    func cycle() throws {
        let nodes = [("a", "c"), ("b", "a"), ("c", "b"), ("d", "a")].map {
            "{\"node_id\":\"\($0.0)\",\"type\":\"t\",\"depends_on\":[\"\($0.1)\"]}"
        }
        let value = try JSONParser.parse("{\"name\":\"x\",\"nodes\":[\(nodes.joined(separator: ","))]}")
        do {
            _ = try Workflow(decoding: value)
            Issue.record("a cycle was accepted")
        } catch {
            #expect(error.issues.count == 1)
            #expect(error.issues[0].detail.contains("a -> c -> b -> a"))
        }
    }

    @Test("a chain as long as the limit is checked without recursion, and one more node is refused")
    func limits() throws {
        func chain(_ count: Int) -> JSONValue {
            let nodes: [JSONValue] = (0..<count).map { index in
                var node: JSONObject = ["node_id": .string("n\(index)"), "type": "t"]
                if index > 0 { node["depends_on"] = [.string("n\(index - 1)")] }
                return .object(node)
            }
            return ["name": "chain", "nodes": .array(nodes)]
        }
        #expect(try Workflow(decoding: chain(10_000)).nodes.count == 10_000)
        #expect(throws: ValidationError.self) { try Workflow(decoding: chain(10_001)) }
    }

    @Test("what is written reads back as the same workflow")
    func roundTrip() throws {
        let text = #"""
            {"name":"x","version":"3","nodes":[{"node_id":"a","type":"set","config":{"value":[1,null]},"timeout":"90s"},
            {"node_id":"b","type":"t","depends_on":["a"],"backend":"other"}],"timeout":"1h","max_parallel":3,
            "backend":"native","requires":["parallel"]}
            """#
        let workflow = try Workflow(decoding: try JSONParser.parse(text))
        var writer = JSONWriter()
        workflow.write(to: &writer)
        #expect(try Workflow(decoding: try JSONParser.parse(writer.bytes)) == workflow)
    }

    @Test("a node reads what is before it, however far, and nothing beside it")
    func ancestors() throws {
        func workflow(reading name: String) throws -> Workflow {
            var nodes: [JSONValue] = [["node_id": "n0", "type": "echo", "depends_on": []]]
            for index in 1..<200 {
                nodes.append([
                    "node_id": .string("n\(index)"), "type": "echo", "depends_on": [.string("n\(index - 1)")],
                ])
            }
            nodes.append(["node_id": "beside", "type": "echo", "depends_on": ["n100"]])
            nodes.append([
                "node_id": "reader", "type": "echo", "depends_on": ["n150"],
                "when": .string("nodes.\(name).status == 'completed'"),
            ])
            return try Workflow(decoding: ["name": "w", "nodes": .array(nodes)])
        }
        for name in ["n0", "n63", "n64", "n127", "n128", "n150"] { _ = try workflow(reading: name) }
        for name in ["n151", "n199", "beside", "reader"] {
            #expect(throws: ValidationError.self) { try workflow(reading: name) }
        }
    }
}
