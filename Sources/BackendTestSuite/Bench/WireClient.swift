import FlowBackends
import FlowCore
import FlowJSON

/// Asks a backend over the wire protocol.
struct WireClient: Sendable {
    /// The base of the backend's paths.
    let base: String
    /// Fields of every request.
    let fields: [(name: String, value: String)]
    let calls: OutboundHTTP
    /// The longest answer that is read.
    var maxBytes = WireClient.maxBytes

    /// So much of an answer is read in most cases: many are under way at the same time, and a backend may send what it
    /// likes.
    static let maxBytes = 1 << 20
    /// So much is read where an answer has to be large.
    static let maxLargeBytes = 16 << 20

    /// The same for large answers.
    var large: WireClient {
        var large = self
        large.maxBytes = Self.maxLargeBytes
        return large
    }

    /// Sends a request as it stands and reads the whole answer.
    ///
    /// - Throws: ``ConformanceFailure`` when there is no answer; `CancellationError`.
    func send(
        _ method: String, _ path: String, _ more: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        within time: Duration = .seconds(10)
    ) async throws -> WireAnswer {
        var sent = "\(method) \(path.isEmpty ? "the base URL" : path)"
        for field in more where field.name != "Content-Type" { sent += ", \(field.name): \(field.value)" }
        if let body { sent += ", " + ConformanceFailure.excerpt(String(decoding: body, as: UTF8.self)) }
        do {
            let exchange = try await calls.exchange(
                method, base + path, fields: fields + more, body: body, within: time, maxBytes: maxBytes)
            return WireAnswer(exchange: exchange, sent: sent)
        } catch let failure as NodeFailure {
            throw ConformanceFailure(
                sent: sent, received: "no answer: \(failure.message)", expected: "a whole answer of HTTP")
        }
    }

    /// Sends JSON.
    func post(
        _ path: String, _ body: JSONValue, _ more: [(name: String, value: String)] = [],
        within time: Duration = .seconds(10)
    ) async throws -> WireAnswer {
        let type = [("Content-Type", "application/json"), ("Accept", "application/json")]
        let defaults = type.filter { field in !more.contains { $0.name == field.0 } }
        return try await send("POST", path, defaults + more, body: JSONWriter.bytes(of: body), within: time)
    }

    /// Reads what is at a path.
    func get(_ path: String) async throws -> WireAnswer {
        try await send("GET", path, [("Accept", "application/json")])
    }
}

/// An answer with what it answers, so that a case can say what is wrong with it.
struct WireAnswer: Sendable {
    let exchange: HTTPExchange
    let sent: String

    var status: Int { exchange.status }
    var body: [UInt8] { exchange.body }
    var contentType: String { exchange["content-type"] ?? "" }
    /// The body when it is JSON.
    var json: JSONValue? { try? JSONParser.parse(exchange.body) }

    /// The answer as people read it.
    var text: String {
        let type = contentType.isEmpty ? "no content type" : contentType
        return "status \(status), \(type), "
            + ConformanceFailure.excerpt(String(decoding: exchange.body, as: UTF8.self))
    }

    /// - Throws: ``ConformanceFailure`` unless the condition holds.
    func expect(_ condition: Bool, _ expected: @autoclosure () -> String) throws {
        guard !condition else { return }
        throw ConformanceFailure(sent: sent, received: text, expected: expected())
    }

    /// The body, which has to be a JSON object in an answer of success.
    func object(_ what: String) throws -> JSONObject {
        try expect(status == 200, "status 200 with \(what)")
        try expect(isJSON, "\(what) with Content-Type: application/json")
        guard let object = json?.object else {
            throw ConformanceFailure(sent: sent, received: text, expected: "\(what) as a JSON object")
        }
        return object
    }

    /// Whether the content type is that of JSON.
    var isJSON: Bool {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        return type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json")
    }

    /// The result of a node, which has to be one.
    func result() throws -> NodeResult {
        let object = JSONValue.object(try object("the result of a node"))
        do { return try NodeResult(decoding: object) } catch {
            let wrong = error.issues.map(\.description).joined(separator: "; ")
            throw ConformanceFailure(sent: sent, received: text, expected: "a result of a node, but \(wrong)")
        }
    }

    /// The output of a node that has to have succeeded.
    func output() throws -> JSONValue {
        guard case .success(let output, _) = try result() else {
            throw ConformanceFailure(sent: sent, received: text, expected: "a result with \"success\": true")
        }
        return output
    }

    /// The failure of a node that has to have failed.
    func failure() throws -> NodeFailure {
        guard case .failure(let failure) = try result() else {
            throw ConformanceFailure(
                sent: sent, received: text, expected: "a result with \"success\": false and an error")
        }
        return failure
    }

    /// The events of a stream.
    var events: [(type: String, data: JSONValue?)] {
        let text = String(decoding: exchange.body, as: UTF8.self)
        var events: [(type: String, data: JSONValue?)] = []
        var type = "message"
        var data: [Substring] = []
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: { ["\n", "\r\n", "\r"].contains($0) })
        {
            if line.isEmpty {
                if !data.isEmpty { events.append((type, try? JSONParser.parse(data.joined(separator: "\n")))) }
                type = "message"
                data = []
            } else if line.hasPrefix("event:") {
                type = String(line.dropFirst(6).drop { $0 == " " })
            } else if line.hasPrefix("data:") {
                data.append(line.dropFirst(5).drop { $0 == " " })
            }
        }
        return events
    }
}
