import AsyncHTTPClient
import FlowCore
import FlowSystem
import NIOCore
import NIOHTTP1

/// Calls HTTP services for nodes, within an ``OutboundPolicy``.
///
/// A name is resolved here, every one of its addresses is checked, and the connection goes to the address that was
/// checked, so that a name which changes its mind in between gains nothing.
public actor OutboundHTTP {
    /// Where may be called.
    public nonisolated let policy: OutboundPolicy
    private let resolver: AddressResolver
    private var clients: [Target: Pooled] = [:]
    private var uses = 0

    private struct Target: Hashable {
        let host: String
        let address: String
    }

    private struct Pooled {
        let client: HTTPClient
        var users = 0
        var lastUse: Int
    }

    /// Clients for so many hosts are kept with their connections.
    private static let kept = 64
    private static let maxRedirects = 5

    /// Makes a caller.
    ///
    /// - Parameter isPatient: Whether it looks names up on threads of its own, so that names which nobody answers for keep
    ///   no other caller waiting.
    public init(policy: OutboundPolicy, isPatient: Bool = false) {
        self.policy = policy
        resolver = AddressResolver(isPatient: isPatient)
    }

    /// One call.
    struct Call: Sendable {
        var method: String
        var url: OutboundURL
        var headers: [(name: String, value: String)]
        var body: [UInt8]?
        var maxResponseBytes: Int
        /// Whether what is more than that is left unread; otherwise it is a failure.
        var cutsResponse = false
        var followsRedirects: Bool
        var timeout: Duration
    }

    /// One answer.
    struct Answer: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]
    }

    /// Makes a call.
    ///
    /// - Throws: ``NodeFailure`` when there is no answer; `CancellationError`.
    func send(_ call: Call) async throws -> Answer {
        var call = call
        var hops = 0
        while true {
            let answer = try await sendOnce(call)
            guard call.followsRedirects, [301, 302, 303, 307, 308].contains(answer.status),
                let location = answer.headers.first(where: { $0.name.lowercased() == "location" })?.value
            else { return answer }
            hops += 1
            guard hops <= Self.maxRedirects else {
                throw NodeFailure(.failed, "the call was redirected more than \(Self.maxRedirects) times")
            }
            guard let next = call.url.resolving(location) else {
                throw NodeFailure(
                    .failed, "the call was redirected to \"\(location.prefix(200))\", which is no http URL")
            }
            if next.origin != call.url.origin {
                // What authenticates with one server is not told to another, by whatever name it goes.
                let harmless: Set<String> = ["accept", "accept-language", "content-type", "user-agent", "traceparent"]
                call.headers.removeAll { !harmless.contains($0.name.lowercased()) }
            }
            call.url = next
            if answer.status == 303 || (answer.status <= 302 && call.method == "POST") {
                call.method = "GET"
                call.body = nil
                call.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
            }
        }
    }

    private func sendOnce(_ call: Call) async throws -> Answer {
        let target = Target(host: call.url.host, address: try await address(of: call.url.host))
        let client = acquire(target)
        defer { release(target) }
        var request = HTTPClientRequest(url: call.url.text)
        request.method = HTTPMethod(rawValue: call.method)
        for header in call.headers { request.headers.add(name: header.name, value: header.value) }
        if let body = call.body { request.body = .bytes(body) }
        do {
            let milliseconds = max(1, call.timeout.wholeMilliseconds)
            let response = try await client.execute(request, timeout: .milliseconds(milliseconds))
            var bytes: [UInt8] = []
            for try await part in response.body {
                guard bytes.count + part.readableBytes <= call.maxResponseBytes else {
                    if call.cutsResponse { break }
                    throw NodeFailure(
                        .tooLarge, "the response is larger than the limit of \(call.maxResponseBytes) bytes")
                }
                bytes.append(contentsOf: part.readableBytesView)
            }
            return Answer(
                status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) }, body: bytes)
        } catch let failure as NodeFailure {
            throw failure
        } catch let error as HTTPClientError where error == .cancelled {
            throw CancellationError()
        } catch let error as CancellationError {
            throw error
        } catch let error as HTTPClientError
            where [.deadlineExceeded, .readTimeout, .connectTimeout, .getConnectionFromPoolTimeout].contains(error)
        {
            throw NodeFailure(.timeout, "the call to \(call.url.origin) got no answer in time", retriable: true)
        } catch {
            throw NodeFailure(.unavailable, "the call to \(call.url.origin) failed: \(error)", retriable: true)
        }
    }

    /// The first of the host's addresses, all of which the policy has to allow.
    private func address(of host: String) async throws(NodeFailure) -> String {
        let answers: [AddressResolver.Answer]
        do {
            answers = try await resolver.addresses(of: host)
        } catch {
            throw NodeFailure(.unavailable, "the host \"\(host)\" cannot be resolved: \(error)", retriable: true)
        }
        for answer in answers {
            if let refusal = policy.refusal(of: answer.address, text: answer.text) {
                throw NodeFailure(.forbidden, "calling \"\(host)\" is not allowed: \(refusal)")
            }
        }
        return answers.first?.text ?? host
    }

    private func acquire(_ target: Target) -> HTTPClient {
        uses += 1
        var pooled: Pooled
        if let known = clients[target] {
            pooled = known
        } else {
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow,
                timeout: .init(connect: .seconds(10), read: nil))
            configuration.dnsOverride = [target.host: target.address]
            pooled = Pooled(client: HTTPClient(configuration: configuration), lastUse: uses)
        }
        pooled.users += 1
        pooled.lastUse = uses
        clients[target] = pooled
        return pooled.client
    }

    private func release(_ target: Target) {
        clients[target]?.users -= 1
        guard clients.count > Self.kept,
            let idle = clients.filter({ $0.value.users == 0 }).min(by: { $0.value.lastUse < $1.value.lastUse })
        else { return }
        clients[idle.key] = nil
        // Unstructured, since nobody waits for the connections of a host that is not called any more.
        Task { try? await idle.value.client.shutdown() }
    }

    /// Closes all connections. Calls that are under way fail.
    public func shutdown() async {
        let all = clients.values.map(\.client)
        clients = [:]
        for client in all { try? await client.shutdown() }
    }
}
