import AsyncHTTPClient
import FlowCore
import FlowSystem
import NIOCore

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

    private struct Pooled {
        let client: HTTPClient
        var users = 0
        var lastUse: Int
    }

    /// Clients for so many hosts are kept with their connections.
    private static let kept = 64

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
        return Target(host: host, address: answers.first?.text ?? host)
    }

    /// The client for a target, until it is released.
    func acquire(_ target: Target) -> HTTPClient {
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

    /// Gives a client back.
    func release(_ target: Target) {
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
