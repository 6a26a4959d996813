package import FlowCore

/// One request and its whole answer, whatever that is: for those who judge services instead of using them.
package struct HTTPExchange: Sendable {
    /// The status.
    package var status: Int
    /// The header fields as they came.
    package var fields: [(name: String, value: String)]
    /// The body.
    package var body: [UInt8]

    /// The first value of a field, by its name in lower case.
    package subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
}

extension OutboundHTTP {
    /// Makes a request and reads its answer. Redirects are answers. When the task is cancelled the connection is closed.
    ///
    /// - Throws: ``NodeFailure`` when there is no whole answer in time; `CancellationError`.
    package nonisolated func exchange(
        _ method: String, _ url: String, fields: [(name: String, value: String)], body: [UInt8]?, within time: Duration,
        maxBytes: Int = 16 << 20
    ) async throws -> HTTPExchange {
        guard let url = OutboundURL(url) else {
            throw NodeFailure(.invalid, "\"\(URLCredentials.hidden(in: url).prefix(200))\" is no http URL")
        }
        let call = Call(
            method: method, url: url, headers: fields, body: body, maxResponseBytes: maxBytes, followsRedirects: false,
            timeout: time)
        let answer = try await send(call, on: SystemClock())
        return HTTPExchange(status: answer.head.status, fields: answer.head.headers, body: answer.body)
    }

    /// Where a plain connection to a URL has to go: the address that the policy allowed, and what a request names as its
    /// host; `nil` for what is encrypted or no URL.
    ///
    /// - Throws: ``NodeFailure`` when the policy forbids it or the name cannot be resolved.
    package nonisolated func plainTarget(
        _ text: String
    ) async throws(NodeFailure) -> (address: String, port: Int, authority: String)? {
        guard let url = OutboundURL(text), let prefix = ["http://"].first(where: { url.origin.hasPrefix($0) }) else {
            return nil
        }
        let authority = String(url.origin.dropFirst(prefix.count))
        let tail = authority.split(separator: ":").last.map(String.init) ?? ""
        let port = authority.hasSuffix("]") ? nil : Int(tail)
        return (try await target(url.host).address, port ?? 80, authority)
    }
}
