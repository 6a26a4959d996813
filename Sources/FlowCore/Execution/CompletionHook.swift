public import FlowJSON

/// Whom to tell when a run has ended.
public struct CompletionHook: Hashable, Sendable {
    /// The most header fields that a hook may have.
    public static let maximumHeaders = 32

    /// Where the event is posted to.
    public var url: String
    /// The secret whose value signs the event; `nil` for none.
    public var secret: SecretName?
    /// Further header fields of the request.
    public var headers: [String: String]

    /// Makes a hook.
    public init(url: String, secret: SecretName? = nil, headers: [String: String] = [:]) {
        self.url = url
        self.secret = secret
        self.headers = headers
    }

    /// Scheme, host and port of the URL: what may be told of it where the rest could be a secret.
    public var origin: String {
        var slashes = 0
        let end = url.utf8.firstIndex { unit in
            if unit == UInt8(ascii: "/") { slashes += 1 }
            return slashes == 3 || unit == UInt8(ascii: "?") || unit == UInt8(ascii: "#")
        }
        return String(url[..<(end ?? url.endIndex)])
    }
}

extension CompletionHook {
    /// Reads what a client sent: the URL alone, or an object.
    ///
    /// Whether the URL may be called, and whether there is such a secret, others know.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    public init(decoding value: JSONValue, at location: JSONPointer) throws(ValidationError) {
        if let url = value.string {
            self.init(url: url)
            return
        }
        guard let object = value.object else {
            throw ValidationError([
                ValidationIssue(location, "expected a URL or an object with one, found \(value.typeName)")
            ])
        }
        var fields = FieldReader(object, at: location)
        fields.require("url")
        let url = fields.value("url", expected: "a URL") { $0.string }
        let secret = fields.value("secret", expected: "the name of a secret") {
            $0.string.flatMap(SecretName.init(checking:))
        }
        let headers = fields.textMap("headers") ?? [:]
        if headers.count > Self.maximumHeaders {
            fields.refuse("headers", "\(headers.count) fields are more than the limit of \(Self.maximumHeaders)")
        }
        let issues = fields.finish()
        guard issues.isEmpty, let url else { throw ValidationError(issues) }
        self.init(url: url, secret: secret, headers: headers)
    }

    /// Reads what ``json`` made, whatever is acceptable today; `nil` when it is something else.
    public init?(stored value: JSONValue) {
        guard let url = value["url"]?.string else { return nil }
        var headers: [String: String] = [:]
        for member in value["headers"]?.object?.members ?? [] { headers[member.name] = member.value.string }
        self.init(url: url, secret: value["secret"]?.string.map { SecretName($0) }, headers: headers)
    }

    /// The hook as an object that ``init(stored:)`` reads.
    public var json: JSONValue {
        var object: JSONObject = ["url": .string(url)]
        if let secret { object["secret"] = .string(secret.rawValue) }
        if !headers.isEmpty {
            object["headers"] = .object(
                headers.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) })
        }
        return .object(object)
    }
}
