import FlowCore
import FlowHTTP
import FlowJSON

/// Reads the bodies of requests.
struct JSONBody: Sendable {
    /// The parser's bounds.
    let limits: JSONLimits

    /// The object in a body.
    ///
    /// - Throws: ``Problem`` when there is none, its type is not JSON, or it is malformed.
    func object(_ request: HTTPRequest) throws(Problem) -> JSONObject {
        var recall: JSONRecall?
        return try object(request, recall: &recall)
    }

    /// The object in a body, of which a part may have come before.
    ///
    /// - Throws: ``Problem`` when there is none, its type is not JSON, or it is malformed.
    func object(_ request: HTTPRequest, recall: inout JSONRecall?) throws(Problem) -> JSONObject {
        guard let object = try optionalObject(request, recall: &recall) else {
            throw Problem(400, "malformed-json", "The request needs a body of JSON.")
        }
        return object
    }

    /// The object in a body, or `nil` when the body is empty.
    func optionalObject(_ request: HTTPRequest) throws(Problem) -> JSONObject? {
        var recall: JSONRecall?
        return try optionalObject(request, recall: &recall)
    }

    private func optionalObject(_ request: HTTPRequest, recall: inout JSONRecall?) throws(Problem) -> JSONObject? {
        if request.body.isEmpty { return nil }
        if let coding = request.fields["content-encoding"], coding.lowercased() != "identity" {
            throw Problem(
                415, "unsupported-content-coding", "The body has to come as it is, not as \"\(coding.prefix(80))\".",
                fields: [("Accept-Encoding", "identity")])
        }
        guard MediaTypes.isJSON(request.fields["content-type"]) else {
            let type =
                request.fields["content-type"].map { "not \"\($0)\"" } ?? "and the request does not say what it is"
            throw Problem(
                415, "unsupported-media-type", "The body has to be application/json in UTF-8, \(type).",
                fields: [("Accept-Post", "application/json")])
        }
        let value: JSONValue
        do {
            value = try JSONParser.parse(request.body.span, limits: limits, recall: &recall)
        } catch  where error.isRange {
            throw .invalid([ValidationIssue([], "\(error.reason) at byte \(error.offset)")])
        } catch {
            throw Problem(
                400, "malformed-json", "The body is not acceptable JSON: \(error.reason) at byte \(error.offset).",
                issues: [Problem.Issue([], "\(error.reason) at byte \(error.offset)")])
        }
        guard let object = value.object else {
            throw .invalid([ValidationIssue([], "expected an object, found \(value.typeName)")])
        }
        return object
    }
}
