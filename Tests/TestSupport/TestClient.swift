package import FlowJSON

/// An answer as a test sees it.
package struct TestResponse: Sendable {
    package var status = 0
    package var fields: [(name: String, value: String)] = []
    package var body: [UInt8] = []

    package subscript(name: String) -> String? { values(name).first }
    package func values(_ name: String) -> [String] {
        fields.filter { $0.name == name.lowercased() }.map(\.value)
    }
    package var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON, or `null`.
    package var json: JSONValue { (try? JSONParser.parse(body)) ?? .null }
    /// The pointers and parameters of a problem's errors.
    package var places: [String] {
        (json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string ?? $0["parameter"]?.string }
    }
    /// The details of a problem's errors, one a line.
    package var details: String {
        (json["errors"]?.array ?? []).compactMap { $0["detail"]?.string }.joined(separator: "\n")
    }
    /// Whether the body is a problem document of the answer's own status.
    package var isProblem: Bool {
        self["content-type"] == "application/problem+json" && json["status"]?.integer == Int64(status)
            && json["detail"]?.string?.isEmpty == false
    }
}

/// Reads answers off a connection, one after the other.
package actor ResponseReader {
    private let connection: RawConnection
    private var buffer: [UInt8] = []

    package init(_ connection: RawConnection) { self.connection = connection }

    private func more() async -> Bool {
        guard let part = await connection.receive(), !part.isEmpty else { return false }
        buffer += part
        return true
    }

    private func line() async -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let text = String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
                buffer.removeSubrange(...end)
                return text
            }
            guard await more() else { return nil }
        }
    }

    private func take(_ count: Int) async -> [UInt8] {
        while buffer.count < count { guard await more() else { break } }
        let taken = Array(buffer.prefix(count))
        buffer.removeFirst(taken.count)
        return taken
    }

    /// The next answer's head, without interim ones; `nil` when the connection was closed instead.
    package func head() async -> TestResponse? {
        while true {
            guard let start = await line(), start.hasPrefix("HTTP/1.1 ") else { return nil }
            var response = TestResponse()
            response.status = Int(start.split(separator: " ")[1]) ?? 0
            while let field = await line(), !field.isEmpty {
                let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                response.fields.append((parts[0].lowercased(), String(parts.last ?? "").drop { $0 == " " }.description))
            }
            if response.status >= 200 { return response }
        }
    }

    /// The next chunk of a body; `nil` at its end.
    package func chunk() async -> [UInt8]? {
        guard let size = await line().flatMap({ Int($0, radix: 16) }), size > 0 else { return nil }
        let bytes = await take(size)
        _ = await line()
        return bytes
    }

    /// The next answer; `nil` when the connection was closed instead.
    package func response(toHead: Bool = false) async -> TestResponse? {
        guard var response = await head() else { return nil }
        if toHead || response.status == 204 || response.status == 304 { return response }
        if response["transfer-encoding"] == "chunked" {
            while let chunk = await chunk() { response.body += chunk }
            _ = await line()
        } else if let length = response["content-length"].flatMap({ Int($0) }) {
            response.body = await take(length)
        }
        return response
    }
}

/// Sends requests, each on a connection of its own.
package struct TestClient: Sendable {
    package let port: Int

    package init(port: Int) { self.port = port }

    package struct NoAnswer: Error {}

    package func send(
        _ method: String, _ path: String, _ body: JSONValue? = nil, headers: [String: String] = [:]
    ) async throws -> TestResponse {
        let bytes = body.map { JSONWriter.bytes(of: $0) }
        var headers = headers
        if bytes != nil, headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        return try await send(method, path, bytes: bytes, headers: headers)
    }

    package func send(
        _ method: String, _ path: String, bytes: [UInt8]?, headers: [String: String] = [:]
    ) async throws -> TestResponse {
        let connection = try await RawConnection(port: port)
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let bytes { text += "Content-Length: \(bytes.count)\r\n" }
        await connection.send(Array((text + "\r\n").utf8) + (bytes ?? []))
        guard let response = await ResponseReader(connection).response(toHead: method == "HEAD") else {
            throw NoAnswer()
        }
        return response
    }

    /// Submits a workflow and waits for its end.
    package func run(
        _ workflow: JSONValue, input: JSONValue = ["n": 1], _ more: JSONObject = [:]
    ) async throws -> TestResponse {
        var body: JSONObject = ["workflow": workflow, "input": input]
        for member in more.members { body[member.name] = member.value }
        return try await send("POST", "/workflows", .object(body), headers: ["Prefer": "wait=20"])
    }
}

/// A workflow of nodes, each `(id, type, depends_on)`.
package func workflow(_ nodes: [JSONValue]) -> JSONValue { workflow("test", nodes) }

/// A workflow of nodes, with a name.
package func workflow(_ name: String, _ nodes: [JSONValue]) -> JSONValue {
    ["name": .string(name), "nodes": .array(nodes)]
}

/// A node.
package func node(
    _ id: String, _ type: String = "passthrough", after: [String]? = nil, _ config: JSONValue? = nil,
    _ more: JSONObject = [:]
) -> JSONValue {
    var object: JSONObject = ["node_id": .string(id), "type": .string(type)]
    if let after { object["depends_on"] = .array(after.map { .string($0) }) }
    if let config { object["config"] = config }
    for member in more.members { object[member.name] = member.value }
    return .object(object)
}

/// A node that hands its input on, with further fields.
package func extended(_ id: String, _ more: JSONObject) -> JSONValue { node(id, "passthrough", after: nil, nil, more) }
