import FlowCore
import FlowSystem

/// Where the server may call on behalf of workflows.
///
/// Addresses of the same wire, where clouds serve credentials, are refused always; loopback and private networks unless
/// the operator allows them.
public struct OutboundPolicy: Hashable, Sendable {
    /// Whether loopback and private addresses may be called.
    public var allowsPrivate: Bool

    /// Makes a policy.
    public init(allowsPrivate: Bool) { self.allowsPrivate = allowsPrivate }

    /// Why an address may not be called; `nil` when it may.
    func refusal(of address: IPAddress, text: String) -> String? {
        switch address.scope {
        case .global: nil
        case .linkLocal: "the address \(text) is link-local or reserved, which is never called"
        case .loopback, .private:
            allowsPrivate ? nil : "the address \(text) is private, and outbound.allow_private is off"
        }
    }
}
