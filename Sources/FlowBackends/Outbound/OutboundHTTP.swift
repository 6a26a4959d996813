import AsyncHTTPClient
import FlowCore
import FlowEngine
import FlowSystem
import NIOCore
import Synchronization

/// Calls HTTP services for nodes, within an ``OutboundPolicy``.
///
/// A name is resolved here, every one of its addresses is checked, and the connection goes to the address that was
/// checked, so that a name which changes its mind in between gains nothing.
public final class OutboundHTTP: Sendable {
    /// Where may be called.
    public let policy: OutboundPolicy
    /// What ends calls that go by the machine's clock.
    let deadlines = Deadlines(clock: SystemClock())
    private let resolver: AddressResolver
    private let state = Mutex(State())

    private struct State: Sendable {
        var clients: [Target: Pooled] = [:]
        var uses = 0
    }

    private struct Pooled: Sendable {
        let client: HTTPClient
        var users = 0
        var lastUse: Int
    }

    /// Clients for so many hosts are kept with their connections.
    private static let kept = 64
    /// So many connections go to a host at the same time. How much a service gets is for those to bound who call it: a
    /// node that waits for a connection here would use up its time without being executed.
    private static let connections = 10_000

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

    /// Where calls of a host go: to one address, which was checked.
    struct Target: Hashable, Sendable {
        let host: String
        let address: String
    }

    /// The host with the first of its addresses, all of which the policy has to allow.
    func target(_ host: String) async throws(NodeFailure) -> Target {
        if let answer = AddressResolver.address(writtenAs: host) { return try target(host, [answer]) }
        let answers: [AddressResolver.Answer]
        do {
            answers = try await resolver.addresses(of: host)
        } catch {
            throw NodeFailure(.unavailable, "the host \"\(host)\" cannot be resolved: \(error)", retriable: true)
        }
        return try target(host, answers)
    }

    private func target(_ host: String, _ answers: [AddressResolver.Answer]) throws(NodeFailure) -> Target {
        for answer in answers {
            if let refusal = policy.refusal(of: answer.address, text: answer.text) {
                throw NodeFailure(.forbidden, "calling \"\(host)\" is not allowed: \(refusal)")
            }
        }
        return Target(host: host, address: answers.first?.text ?? host)
    }

    /// The client for a target, until it is released.
    func acquire(_ target: Target) -> HTTPClient {
        state.withLock { state in
            state.uses += 1
            var pooled = state.clients[target] ?? Pooled(client: Self.client(target), lastUse: state.uses)
            pooled.users += 1
            pooled.lastUse = state.uses
            state.clients[target] = pooled
            return pooled.client
        }
    }

    private static func client(_ target: Target) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: nil))
        configuration.dnsOverride = [target.host: target.address]
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        // Whoever calls decides whether to try again; the client would hide for seconds that nobody is there.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }

    /// Gives a client back.
    func release(_ target: Target) {
        let idle = state.withLock { state -> HTTPClient? in
            state.clients[target]?.users -= 1
            guard state.clients.count > Self.kept,
                let idle = state.clients.filter({ $0.value.users == 0 }).min(by: { $0.value.lastUse < $1.value.lastUse }
                )
            else { return nil }
            state.clients[idle.key] = nil
            return idle.value.client
        }
        // Unstructured, since nobody waits for the connections of a host that is not called any more.
        if let idle { Task { try? await idle.shutdown() } }
    }

    /// Closes all connections. Calls that are under way fail.
    public func shutdown() async {
        let all = state.withLock { state in
            defer { state.clients = [:] }
            return state.clients.values.map(\.client)
        }
        for client in all { try? await client.shutdown() }
    }
}
