import FlowCore
import FlowJSON

/// What a registration says of a remote backend.
struct RemoteConfiguration: Sendable {
    /// Where a header field's value comes from.
    enum Value: Sendable {
        case text(String)
        case secret(SecretName, prefix: String)
    }

    /// Fields that the protocol itself sets.
    private static let own: Set<String> = [
        "accept", "content-type", "idempotency-key", "traceparent", "flow-timeout", "flow-hops",
    ]
    /// What names of fields contain whose values authenticate.
    private static let sensitive = ["authorization", "cookie", "key", "token", "secret", "password"]

    /// The base, without a slash at its end.
    var base: String
    var headers: [(name: String, value: Value)]
    var timeout: Duration?
    var maxParallel: Int?

    /// Reads a configuration.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(_ config: JSONObject) throws(ValidationError) {
        var fields = FieldReader(config, at: [])
        fields.require("url")
        let base = fields.value(
            "url", expected: "an absolute http or https URL without credentials, query and fragment"
        ) { $0.string.flatMap(Self.base) }
        let headers = fields.object("headers").map { Self.headers($0, &fields) } ?? []
        let timeout = fields.duration("timeout")
        let maxParallel = fields.integer("max_parallel", in: 1...100_000)
        let issues = fields.finish()
        guard issues.isEmpty, let base else { throw ValidationError(issues) }
        self.base = base
        self.headers = headers
        self.timeout = timeout
        self.maxParallel = maxParallel
    }

    private static func base(_ text: String) -> String? {
        var text = text[...]
        guard !text.contains("?"), !text.contains("#") else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        return OutboundURL(String(text)).map(\.text)
    }

    private static func headers(_ object: JSONObject, _ outer: inout FieldReader) -> [(name: String, value: Value)] {
        var headers: [(name: String, value: Value)] = []
        for member in object.members {
            let place = outer.pointer("headers").appending(member.name)
            func refuse(_ detail: String) { outer.add(ValidationIssue(place, detail)) }
            let name = member.name.lowercased()
            if own.contains(name) {
                refuse("the protocol sets this field itself")
            } else if headers.contains(where: { $0.name.lowercased() == name }) {
                refuse("the field is given twice")
            } else if let text = member.value.string {
                if !HeaderField.isAcceptable(member.name, text) {
                    refuse("not a header field that can be sent")
                } else if sensitive.contains(where: { name.contains($0) }) {
                    // Whoever reads the registration would read the value.
                    refuse("what authenticates has to be a secret: {\"secret\": NAME}")
                } else {
                    headers.append((member.name, .text(text)))
                }
            } else if let reference = member.value.object {
                var fields = FieldReader(reference, at: place)
                fields.require("secret")
                let secret = fields.value("secret", expected: "the name of a secret") {
                    $0.string.flatMap(SecretName.init(checking:))
                }
                let prefix = fields.value("prefix", expected: "a string such as \"Bearer \"") { $0.string } ?? ""
                outer.add(fields.finish())
                if !HeaderField.isAcceptable(member.name, prefix) {
                    refuse("not a header field that can be sent")
                } else if let secret {
                    headers.append((member.name, .secret(secret, prefix: prefix)))
                }
            } else {
                refuse("expected a string or {\"secret\": NAME}, found \(FieldReader.excerpt(member.value))")
            }
        }
        return headers
    }

    /// The header fields as they are sent.
    ///
    /// - Throws: ``ValidationError`` when a secret is not there or cannot be sent.
    func resolved(_ secrets: any SecretSource) throws(ValidationError) -> [(name: String, value: String)] {
        var issues: [ValidationIssue] = []
        var resolved: [(name: String, value: String)] = []
        for header in headers {
            switch header.value {
            case .text(let text): resolved.append((header.name, text))
            case .secret(let name, let prefix):
                let place: JSONPointer = ["headers", .name(header.name), "secret"]
                guard let value = secrets.secret(name.rawValue) else {
                    issues.append(ValidationIssue(place, "there is no secret \"\(name)\""))
                    continue
                }
                guard HeaderField.isAcceptable(header.name, prefix + value) else {
                    issues.append(ValidationIssue(place, "the secret \"\(name)\" cannot be sent in a header field"))
                    continue
                }
                resolved.append((header.name, prefix + value))
            }
        }
        guard issues.isEmpty else { throw ValidationError(issues) }
        return resolved
    }

    /// The JSON Schema of a registration's `config`.
    static let schema: JSONValue = [
        "type": "object", "required": ["url"], "additionalProperties": false,
        "properties": [
            "url": [
                "type": "string",
                "description": "The base of the service that executes the nodes, such as http://localhost:9000.",
            ],
            "headers": [
                "type": "object", "description": "Fields of every request; what authenticates has to name a secret.",
                "additionalProperties": [
                    "oneOf": [
                        ["type": "string"],
                        [
                            "type": "object", "required": ["secret"], "additionalProperties": false,
                            "properties": [
                                "secret": ["type": "string", "description": "The name of a secret of the server."],
                                "prefix": ["type": "string", "description": "What stands before it."],
                            ],
                        ],
                    ]
                ],
            ],
            "timeout": [
                "type": ["string", "number"],
                "description": "How long an attempt may take whose node gives it no less time.",
            ],
            "max_parallel": [
                "type": "integer", "minimum": 1, "maximum": 100_000,
                "description": "How many nodes may be executed at the same time; more wait for their turn.",
            ],
        ],
    ]
}
