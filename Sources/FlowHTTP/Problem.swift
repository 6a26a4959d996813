package import FlowJSON

/// An error as clients see it: a problem document (RFC 9457).
package struct Problem: Error, Hashable, Sendable {
    /// One thing that is wrong with the request, and where.
    package struct Issue: Hashable, Sendable {
        /// The place in the request's body (RFC 6901); `nil` when it is not in the body.
        package var pointer: JSONPointer?
        /// The query parameter or header field when it is one of those.
        package var parameter: String?
        /// What is wrong.
        package var detail: String
        /// A name of what is wrong, for programs; `nil` when there is none.
        package var code: String?

        /// Makes an issue with a place in the body.
        package init(_ pointer: JSONPointer, _ detail: String, code: String? = nil) {
            self.pointer = pointer
            self.detail = detail
            self.code = code
        }

        /// Makes an issue with a query parameter or header field.
        package init(parameter: String, _ detail: String) {
            self.parameter = parameter
            self.detail = detail
        }
    }

    /// The status code.
    package var status: Int
    /// The last part of the problem's type; `nil` for one that says no more than its status.
    package var kind: String?
    /// What happened, for people.
    package var detail: String
    /// All that is wrong.
    package var issues: [Issue]
    /// Further header fields of the answer.
    package var fields: [Field]

    /// A header field.
    package struct Field: Hashable, Sendable {
        let name: String
        let value: String
    }

    /// Makes a problem.
    package init(
        _ status: Int, _ kind: String? = nil, _ detail: String, issues: [Issue] = [],
        fields: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.kind = kind
        self.detail = detail
        self.issues = issues
        self.fields = fields.map { Field(name: $0.name, value: $0.value) }
    }

    /// The problem as an answer.
    package func response(instance: String) -> HTTPResponse {
        var response = HTTPResponse(
            status: status, fields: [("Content-Type", MediaTypes.problem)], body: .bytes(document(instance: instance)))
        for field in fields { response.fields.append((field.name, field.value)) }
        return response
    }

    /// The problem as JSON.
    package func document(instance: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 320)
        writer.beginObject()
        writer.field("type")
        writer.string(kind.map { "urn:flowcore:problem:" + $0 } ?? "about:blank")
        writer.field("title")
        writer.string(HTTPStatus.title(status))
        writer.field("status")
        writer.integer(status)
        writer.field("detail")
        writer.string(detail)
        writer.field("instance")
        writer.string(instance)
        if !issues.isEmpty {
            writer.field("errors")
            writer.beginArray()
            for issue in issues { Self.write(issue, to: &writer) }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ issue: Issue, to writer: inout JSONWriter) {
        writer.beginObject()
        if let pointer = issue.pointer {
            writer.field("pointer")
            writer.string(pointer.description)
        }
        if let parameter = issue.parameter {
            writer.field("parameter")
            writer.string(parameter)
        }
        if let code = issue.code {
            writer.field("code")
            writer.string(code)
        }
        writer.field("detail")
        writer.string(issue.detail)
        writer.endObject()
    }
}
