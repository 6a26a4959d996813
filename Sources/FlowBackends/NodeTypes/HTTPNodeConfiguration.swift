import FlowCore
import FlowJSON

/// What an `http` node says of its call.
struct HTTPNodeConfiguration: Sendable {
    /// How the body of the response becomes part of the output.
    enum ResponseForm: String, CaseIterable, Sendable {
        /// JSON when the response says that it is, text when it is UTF-8, else base64.
        case auto
        case json
        case text
        case base64
    }

    static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    var method = "GET"
    var url: OutboundURL
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    var expected: Set<Int>
    var form: ResponseForm
    var maxResponseBytes: Int
    var followsRedirects: Bool

    /// Reads a configuration.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(_ config: JSONObject) throws(ValidationError) {
        var fields = FieldReader(config, at: [])
        fields.require("url")
        let method = fields.value("method", expected: "one of \(Self.methods.joined(separator: ", "))") {
            $0.string.flatMap { Self.methods.contains($0) ? $0 : nil }
        }
        let base = fields.value("url", expected: "an absolute http or https URL without credentials") {
            $0.string.flatMap(OutboundURL.init)
        }
        let query = fields.object("query") ?? JSONObject()
        let headers = fields.textMap("headers") ?? [:]
        let body = fields.value("body", expected: "a JSON value") { $0 }
        let expected = fields.array("expect")
        let form = fields.value(
            "response", expected: "one of \(ResponseForm.allCases.map(\.rawValue).joined(separator: ", "))"
        ) {
            $0.string.flatMap(ResponseForm.init)
        }
        let maxResponseBytes = fields.integer("max_response_bytes", in: 1...(64 << 20))
        let followsRedirects = fields.bool("follow_redirects")
        var items: [(String, String)] = []
        for member in query.members {
            switch member.value {
            case .string(let text): items.append((member.name, text))
            case .integer, .double, .bool: items.append((member.name, member.value.description))
            default:
                fields.add(ValidationIssue(["query", .name(member.name)], "expected a string, a number or a boolean"))
            }
        }
        for (name, value) in headers where !HeaderField.isAcceptable(name, value) {
            fields.add(ValidationIssue(["headers", .name(name)], "not a header field that can be sent"))
        }
        var statuses: Set<Int> = Set(200...299)
        if let expected {
            statuses = []
            for (index, element) in expected.enumerated() {
                if let status = element.integer, (100...599).contains(status) {
                    statuses.insert(Int(status))
                } else if let text = element.string, text.count == 3, text.hasSuffix("xx"),
                    let digit = text.first?.wholeNumberValue,
                    (1...5).contains(digit)
                {
                    statuses.formUnion(digit * 100...digit * 100 + 99)
                } else {
                    fields.add(
                        ValidationIssue(["expect", .position(index)], "expected a status such as 200, or \"2xx\""))
                }
            }
        }
        let issues = fields.finish()
        guard issues.isEmpty, let url = base?.adding(query: items) else { throw ValidationError(issues) }
        self.method = method ?? "GET"
        self.url = url
        self.headers = headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.expected = statuses
        self.form = form ?? .auto
        self.maxResponseBytes = maxResponseBytes ?? 1 << 20
        self.followsRedirects = followsRedirects ?? true
        if let body { setBody(body) }
    }

    /// A text is sent as it is, any other value as JSON.
    private mutating func setBody(_ value: JSONValue) {
        let type: String
        if let text = value.string {
            body = Array(text.utf8)
            type = "text/plain; charset=utf-8"
        } else {
            body = JSONWriter.bytes(of: value)
            type = "application/json"
        }
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.append(("Content-Type", type))
        }
    }
}
