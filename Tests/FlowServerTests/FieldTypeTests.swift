import FlowJSON
import TestSupport
import Testing

/// Every field of a submission, of a workflow and of a node, given each kind of value that it does not take.
@Suite("types of fields", .timeLimit(.minutes(1)))
struct FieldTypeTests {
    /// A field, what it is given, and where the answer has to point: below the field for elements and members.
    struct Field: Sendable, CustomTestStringConvertible {
        let name: String
        let values: [JSONValue]
        var below = ""

        init(_ name: String, _ values: [JSONValue], below: String = "") {
            self.name = name
            self.values = values
            self.below = below
        }

        var testDescription: String { name + below }
    }

    static let scalars: [JSONValue] = [.null, true, 1, 1.5]
    static let noText: [JSONValue] = scalars + [[], [:]]
    static let noObject: [JSONValue] = scalars + ["x", []]
    static let noArray: [JSONValue] = scalars + ["x", [:]]
    static let noDuration: [JSONValue] = [.null, true, [], [:], "", "5", "soon", "-1s", "P1M", "1e3s", 0, -1, "0s"]
    static let long = JSONValue.string(String(repeating: "x", count: 300))

    static let submission: [Field] = [
        Field("workflow", noObject),
        Field("backend", noText + ["", "a b", "-a", long]),
        Field("requires", noArray), Field("requires", [[1], [.null], [""], [["x"]]], below: "/0"),
        Field("workflow_id", noText + ["", "a b", "-a", "a/b", long]),
        Field("variables", noObject),
        Field("labels", noObject), Field("labels", [["a": 1], ["a": .null], ["a": []], ["a": long]], below: "/a"),
        Field("durability", noText + ["", "odd", "FULL"]),
    ]

    static let definition: [Field] = [
        Field("name", noText + ["", long]),
        Field("version", [.null, true, 1.5, [], [:]]),
        Field("nodes", noArray + [[]]), Field("nodes", [[1], [.null], ["x"], [[]]], below: "/0"),
        Field("timeout", noDuration),
        Field("max_parallel", [.null, true, 1.5, "1", [], [:], 0, -1, 1001]),
        Field("backend", noText + ["", "a b", long]),
        Field("requires", noArray), Field("requires", [[1], [""]], below: "/0"),
    ]

    static let step: [Field] = [
        Field("node_id", noText + ["", "a b", "-a", "a.b", "é", long]),
        Field("type", noText + ["", long]),
        Field("config", noObject),
        Field("depends_on", noArray), Field("depends_on", [[1], [.null], [""], [[]]], below: "/0"),
        Field("timeout", noDuration),
        Field("backend", noText + ["", "a b", long]),
    ]

    static let registration: [Field] = [
        Field("name", noText + ["", "a b", "auto", long]), Field("type", noText + ["", "odd", long]),
        Field("config", noObject),
    ]

    static let validNode: JSONObject = ["node_id": "a", "type": "passthrough"]
    static let validWorkflow: JSONObject = ["name": "x", "nodes": [.object(validNode)]]
    static let validSubmission: JSONObject = ["workflow": .object(validWorkflow)]

    @Test("a field of a submission takes its own type alone", arguments: submission)
    func submissions(field: Field) async throws {
        try await Self.refuses(field, at: "", path: "/workflows") { value in
            Self.object(Self.validSubmission, field.name, value)
        }
    }

    @Test("a field of a workflow takes its own type alone", arguments: definition)
    func workflows(field: Field) async throws {
        try await Self.refuses(field, at: "/workflow", path: "/workflows") { value in
            ["workflow": Self.object(Self.validWorkflow, field.name, value)]
        }
    }

    @Test("a field of a node takes its own type alone", arguments: step)
    func nodes(field: Field) async throws {
        try await Self.refuses(field, at: "/workflow/nodes/1", path: "/workflows") { value in
            ["workflow": workflow([node("first"), Self.object(Self.validNode, field.name, value)])]
        }
    }

    @Test("a field of a registration takes its own type alone", arguments: registration)
    func registrations(field: Field) async throws {
        try await Self.refuses(field, at: "", path: "/backends") { value in
            Self.object(["name": "audited", "type": "logging"], field.name, value)
        }
    }

    /// Sends every value of a field and checks the place in the answer, and that nothing came of any.
    private static func refuses(
        _ field: Field, at location: String, path: String, _ body: (JSONValue) -> JSONValue
    ) async throws {
        try await TestServer.with { server in
            let client = server.client
            let backends = try await client.send("GET", "/backends").json
            for value in field.values {
                let response = try await client.send("POST", path, body(value))
                #expect(response.status == 422 && response.isProblem, "\(value): \(response.text)")
                #expect(
                    response.places == ["\(location)/\(field.name)\(field.below)"], "\(value): \(response.text)")
            }
            #expect(try await client.send("GET", "/workflows").json["workflows"] == [])
            #expect(try await client.send("GET", "/backends").json == backends)
        }
    }

    /// An object with one member replaced.
    private static func object(_ base: JSONObject, _ name: String, _ value: JSONValue) -> JSONValue {
        var object = base
        object[name] = value
        return .object(object)
    }
}
