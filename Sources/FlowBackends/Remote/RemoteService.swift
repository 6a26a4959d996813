import FlowCore
import FlowJSON

/// A service that speaks the protocol of remote backends, as it is called.
struct RemoteService: Sendable {
    /// So much is read of an answer that tells why a request failed.
    private static let problemBytes = 16 << 10

    /// Where nodes are executed, below the base.
    static let executePath = "/nodes/execute"

    let calls: OutboundHTTP
    let base: String
    let headers: [(name: String, value: String)]
    let secrets: any SecretSource
    private let maxResponseBytes: Int
    /// The one that is called over and over, read once.
    private let executeURL: OutboundURL?

    init(
        calls: OutboundHTTP, base: String, headers: [(name: String, value: String)], secrets: any SecretSource,
        maxResponseBytes: Int
    ) {
        self.calls = calls
        self.base = base
        self.headers = headers
        self.secrets = secrets
        self.maxResponseBytes = maxResponseBytes
        executeURL = OutboundURL(base + Self.executePath)
    }

    /// Takes an answer of a success in.
    typealias Reader<Result> = @Sendable (OutboundHTTP.AnswerHead, AnswerBody) async throws -> Result

    /// Makes a call, and reads the answer when it is a success.
    func send<Result: Sendable>(
        _ method: String, _ path: String, fields: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        within timeout: Duration, on clock: any WallClock, reading read: @escaping Reader<Result>
    ) async throws(RemoteFault) -> Result {
        guard let url = path == Self.executePath ? executeURL : OutboundURL(base + path) else {
            throw .away(RemoteFault.Want(message: "the URL cannot be called"))
        }
        var headers = headers + fields
        headers.append((WireHops.header, String(WireHops.current + 1)))
        if body != nil { headers.append(("Content-Type", "application/json")) }
        let call = OutboundHTTP.Call(
            method: method, url: url, headers: headers, body: body, maxResponseBytes: maxResponseBytes,
            followsRedirects: false, timeout: timeout)
        do {
            return try await calls.send(call, on: clock) { head, body in
                if RemoteFault(status: head.status, said: nil) != nil {
                    let said = try await Self.reason(body)
                    if let fault = RemoteFault(status: head.status, said: said, location: head["location"]) {
                        throw fault
                    }
                }
                return try await read(head, body)
            }
        } catch {
            throw redacted(RemoteFault(error))
        }
    }

    /// The object that the service has at a path, without any secret in it that it was sent.
    func object(_ path: String, within timeout: Duration, on clock: any WallClock) async throws(RemoteFault)
        -> JSONObject
    {
        let fields = [("Accept", "application/json")]
        return try await send("GET", path, fields: fields, within: timeout, on: clock) { [secrets] head, body in
            guard let object = secrets.redacted(try Self.json(head, await body.all())).object else {
                throw RemoteFault.invalid("it is no object")
            }
            return object
        }
    }

    /// The JSON in an answer.
    static func json(_ head: OutboundHTTP.AnswerHead, _ bytes: [UInt8]) throws(RemoteFault) -> JSONValue {
        let type = head["content-type"] ?? ""
        let name = type.prefix { $0 != ";" }.lowercased().split(separator: " ").joined()
        if name == "application/json" || name.hasPrefix("application/") && name.hasSuffix("+json") {
            return try json(bytes)
        }
        let found = "its content type is \"\(type.prefix(100))\""
        if ["text/html", "application/xhtml+xml"].contains(name) {
            throw .invalid(found + ", a page for people: something else may stand at this URL", as: .htmlResponse)
        }
        throw .invalid(type.isEmpty ? "it has no content type" : found, as: .invalidContentType)
    }

    static func json(_ bytes: [UInt8]) throws(RemoteFault) -> JSONValue {
        do { return try JSONParser.parse(bytes) } catch {
            throw .invalid("it is not JSON: \(error.reason) at byte \(error.offset)", as: .invalidJSON)
        }
    }

    /// What an answer tells of why a request failed: the detail of a problem document, or the reason of a health report.
    private static func reason(_ body: AnswerBody) async throws -> String? {
        var bytes: [UInt8] = []
        try await body.forEach { part in
            bytes += part
            return bytes.count <= problemBytes
        }
        guard let value = try? JSONParser.parse(bytes) else { return nil }
        return (value["detail"]?.string ?? value["reason"]?.string).map { String($0.prefix(500)) }
    }

    private func redacted(_ fault: RemoteFault) -> RemoteFault {
        switch fault {
        case .away(var want):
            want.message = secrets.redacted(want.message) ?? want.message
            return .away(want)
        case .failed(let failure): return .failed(secrets.redacted(failure))
        case .cancelled: return fault
        }
    }
}
