import FlowCore
import FlowJSON
import Foundation
import TestSupport

/// A file of `docs/examples`: a submission, what a client does while it runs, and what comes of it.
struct DocumentedExample: Sendable {
    /// A request, or a wait for an event of the run.
    enum Step: Sendable {
        case request(Request)
        case waitFor(JSONValue)
    }

    struct Request: Sendable {
        let method: String
        let path: String
        let body: JSONValue?
        /// `nil` takes any success.
        let status: Int?
        /// What the answer has to hold.
        let expected: JSONValue?
        /// The name under which later steps find the run that the answer is about.
        let save: String?
    }

    struct Expectation: Sendable {
        /// The name of the run that is looked at; the submitted one by default.
        let run: String
        let status: String
        let output: JSONValue
        let error: JSONValue?
        let nodes: [(id: String, state: JSONValue)]
    }

    struct Unreadable: Error { let reason: String }

    let before: [Request]
    let submission: JSONValue
    let steps: [Step]
    let expectation: Expectation

    /// The folder of the repository.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// The server that examples and samples call, which is the one that runs them.
    static let server = "http://127.0.0.1:8080"

    /// The names of the files of a folder, in order.
    static func files(_ folder: String, _ ending: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path())
        return (names ?? []).filter { $0.hasSuffix(ending) }.sorted()
    }

    /// Reads an example, strictly: what it says and nobody looks at would prove nothing.
    init(_ name: String, port: Int) throws {
        let text = try text(of: Self.root.appending(path: "docs/examples/" + name).path())
        let value = try JSONParser.parse(text.replacing(Self.server, with: "http://127.0.0.1:\(port)"))
        var fields = FieldReader(value.object ?? JSONObject(), at: [])
        for field in ["title", "submit", "expect"] { fields.require(field) }
        _ = fields.text("title")
        submission = fields.value("submit") ?? .null
        before = try (fields.array("before") ?? []).map { try Self.request($0) }
        steps = try (fields.array("steps") ?? []).map { step in
            guard let event = step["wait_for"], step.object?.members.count == 1 else {
                return .request(try Self.request(step))
            }
            return .waitFor(event)
        }
        expectation = try Self.expectation(fields.object("expect") ?? JSONObject())
        try Self.check(&fields)
    }

    private static func request(_ value: JSONValue) throws -> Request {
        var fields = FieldReader(value.object ?? JSONObject(), at: ["steps"])
        for field in ["method", "path"] { fields.require(field) }
        let request = Request(
            method: fields.text("method") ?? "", path: fields.text("path") ?? "", body: fields.value("body"),
            status: fields.integer("expect_status", in: 100...599), expected: fields.value("expect"),
            save: fields.text("save"))
        try check(&fields)
        return request
    }

    private static func expectation(_ object: JSONObject) throws -> Expectation {
        var fields = FieldReader(object, at: ["expect"])
        for field in ["status", "output"] { fields.require(field) }
        let nodes = fields.object("nodes")?.members.map { (id: $0.name, state: $0.value) }
        let expectation = Expectation(
            run: fields.text("run") ?? "id", status: fields.text("status") ?? "",
            output: fields.value("output") ?? .null, error: fields.value("error"), nodes: nodes ?? [])
        try check(&fields)
        return expectation
    }

    private static func check(_ fields: inout FieldReader) throws {
        let issues = fields.finish()
        guard issues.isEmpty else { throw Unreadable(reason: issues.map(\.description).joined(separator: "; ")) }
    }
}

extension JSONValue {
    /// The value with `{name}` in its texts replaced by what the name stands for.
    func filled(_ names: [String: String]) -> JSONValue {
        switch self {
        case .string(let text): .string(text.filled(names))
        case .array(let elements): .array(elements.map { $0.filled(names) })
        case .object(let object):
            .object(object.members.reduce(into: JSONObject()) { $0[$1.name] = $1.value.filled(names) })
        default: self
        }
    }
}

extension String {
    /// The text with `{name}` replaced by what the name stands for.
    func filled(_ names: [String: String]) -> String {
        names.reduce(self) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
}
