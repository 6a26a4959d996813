public import FlowCore
public import FlowJSON
import FoundationEssentials

/// Calls an HTTP service; its output is `{status, headers, body}`.
public struct HTTPNode: NodeType {
    private let calls: OutboundHTTP

    /// Makes the type.
    ///
    /// - Parameter calls: How it calls out.
    public init(calls: OutboundHTTP) { self.calls = calls }

    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "http", summary: "Calls an HTTP service; its output is {status, headers, body}.",
        configSchema: [
            "type": "object", "required": ["url"], "additionalProperties": false,
            "properties": [
                "method": ["enum": .array(HTTPNodeConfiguration.methods.map { .string($0) }), "default": "GET"],
                "url": ["type": "string", "description": "An absolute http or https URL."],
                "query": [
                    "type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]],
                    "description": "Parameters that are added to the URL.",
                ],
                "headers": ["type": "object", "additionalProperties": ["type": "string"]],
                "body": ["description": "A text is sent as it is, any other value as JSON."],
                "expect": [
                    "type": "array", "items": ["type": ["integer", "string"]], "default": ["2xx"],
                    "description": "The statuses that are no failure, such as 404 or \"2xx\".",
                ],
                "response": [
                    "enum": ["auto", "json", "text", "base64"], "default": "auto",
                    "description": "How the response's body becomes part of the output.",
                ],
                "max_response_bytes": ["type": "integer", "minimum": 1, "maximum": 67_108_864, "default": 1_048_576],
                "follow_redirects": ["type": "boolean", "default": true],
            ],
        ])

    /// Checks every field.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        ValidationError.issues { () throws(ValidationError) in try HTTPNodeConfiguration(config) }
    }

    /// Makes the call.
    public func execute(_ request: NodeRequest) async throws -> NodeResult {
        let configuration: HTTPNodeConfiguration
        do {
            configuration = try HTTPNodeConfiguration(request.node.config)
        } catch {
            return .failure(NodeFailure(.invalid, error.issues.map(\.description).joined(separator: "; ")))
        }
        let hasEffects = !["GET", "HEAD", "OPTIONS"].contains(configuration.method)
        let headers = request.addingAttempt(to: configuration.headers, hasEffects: hasEffects)
        let call = OutboundHTTP.Call(
            method: configuration.method, url: configuration.url, headers: headers, body: configuration.body,
            maxResponseBytes: configuration.maxResponseBytes, followsRedirects: configuration.followsRedirects,
            timeout: request.timeLeft)
        return Self.result(of: try await calls.send(call, on: request.clock), configuration)
    }

    private static func result(of answer: OutboundHTTP.Answer, _ configuration: HTTPNodeConfiguration) -> NodeResult {
        var headers = JSONObject()
        for header in answer.head.headers {
            let name = header.name.lowercased()
            let earlier = headers[name]?.string.map { $0 + ", " } ?? ""
            headers[name] = .string(earlier + header.value)
        }
        let body: JSONValue
        do throws(NodeFailure) {
            body = try self.body(answer.body, configuration.form, type: headers["content-type"]?.string ?? "")
        } catch {
            guard configuration.expected.contains(answer.head.status) else {
                return unexpected(answer.head.status, .null)
            }
            return .failure(error)
        }
        guard configuration.expected.contains(answer.head.status) else { return unexpected(answer.head.status, body) }
        return .success(output: [
            "status": .integer(Int64(answer.head.status)), "headers": .object(headers), "body": body,
        ])
    }

    private static func unexpected(_ status: Int, _ body: JSONValue) -> NodeResult {
        var details: JSONObject = ["status": .integer(Int64(status))]
        if JSONWriter.bytes(of: body).count <= 4096 { details["body"] = body }
        return .failure(
            NodeFailure(
                .httpStatus, "the service answered with status \(status)", retriable: OutboundHTTP.isTransient(status),
                details: .object(details)))
    }

    private static func body(
        _ bytes: [UInt8], _ form: HTTPNodeConfiguration.ResponseForm, type: String
    ) throws(NodeFailure) -> JSONValue {
        switch form {
        case .json:
            do {
                return try JSONParser.parse(bytes)
            } catch {
                throw NodeFailure(.failed, "the response is not JSON: \(error)")
            }
        case .text:
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw NodeFailure(.failed, "the response is not text in UTF-8")
            }
            return .string(text)
        case .base64: return .string(Data(bytes).base64EncodedString())
        case .auto:
            if bytes.isEmpty { return .null }
            let isJSON = type.lowercased().prefix { $0 != ";" }.hasSuffix("json")
            if isJSON, let value = try? JSONParser.parse(bytes) { return value }
            if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
            return .string(Data(bytes).base64EncodedString())
        }
    }
}
