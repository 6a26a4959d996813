import AsyncHTTPClient
import FlowCore
import NIOCore
import NIOHTTP1

extension OutboundHTTP {
    /// How an answer begins.
    struct AnswerHead: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]

        /// The first value of a field, by its name in lower case.
        subscript(name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    }

    /// One answer.
    struct Answer: Sendable {
        var head: AnswerHead
        var body: [UInt8]
    }

    /// Takes an answer in, while its body comes.
    typealias AnswerReader<Result> = @Sendable (AnswerHead, AnswerBody) async throws -> Result

    private static let maxRedirects = 5

    /// Makes a call and those to which it is redirected.
    func send<Result: Sendable>(
        _ first: Call, reading read: AnswerReader<Result>
    ) async throws -> Result {
        var call = first
        var hops = 0
        while true {
            let redirect: Redirect
            switch try await sendOnce(call, reading: read) {
            case .read(let result): return result
            case .redirected(let found): redirect = found
            }
            hops += 1
            guard hops <= Self.maxRedirects else {
                throw NodeFailure(.failed, "the call was redirected more than \(Self.maxRedirects) times")
            }
            guard let next = call.url.resolving(redirect.location) else {
                let location = URLCredentials.hidden(in: redirect.location).prefix(200)
                throw NodeFailure(.failed, "the call was redirected to \"\(location)\", which is no http URL")
            }
            call.follow(redirect, to: next)
        }
    }

    private enum Outcome<Result: Sendable>: Sendable {
        case read(Result)
        case redirected(Redirect)
    }

    private func sendOnce<Result: Sendable>(
        _ call: Call, reading read: AnswerReader<Result>
    ) async throws -> Outcome<Result> {
        let target = try await target(call.url.host)
        let client = acquire(target)
        let outcome: Swift.Result<Outcome<Result>, any Error>
        do { outcome = .success(try await exchange(call, on: client, reading: read)) } catch {
            outcome = .failure(error)
        }
        release(target)
        return try outcome.get()
    }

    private func exchange<Result: Sendable>(
        _ call: Call, on client: HTTPClient, reading read: AnswerReader<Result>
    ) async throws -> Outcome<Result> {
        var request = HTTPClientRequest(url: call.url.text)
        request.method = HTTPMethod(rawValue: call.method)
        for header in call.headers { request.headers.add(name: header.name, value: header.value) }
        if let body = call.body { request.body = .bytes(body) }
        let response: HTTPClientResponse
        do {
            let milliseconds = max(1, call.timeout.wholeMilliseconds)
            response = try await client.execute(request, timeout: .milliseconds(milliseconds))
        } catch {
            throw AnswerBody.failure(error, origin: call.url.origin)
        }
        let head = AnswerHead(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) })
        let body = AnswerBody(response.body, of: call)
        if call.followsRedirects, let redirect = Redirect(head) {
            // Read to its end, so that the connection can be used again.
            _ = try await body.all()
            return .redirected(redirect)
        }
        return .read(try await read(head, body))
    }
}
