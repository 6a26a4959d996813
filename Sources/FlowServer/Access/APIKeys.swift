import Crypto
import FlowHTTP

/// The keys that open the API, kept as hashes.
package struct APIKeys: Sendable {
    /// A key and what it opens.
    private struct Key: Sendable {
        let hash: [UInt8]
        let access: Route.Access
    }

    private var keys: [Key] = []

    /// Makes a set without keys.
    package init() {}

    /// Whether there is no key, so that everybody may do everything.
    package var isEmpty: Bool { keys.isEmpty }

    /// Reads keys, each as `ROLE:KEY` with the role `viewer`, `submitter` or `admin`, or as `KEY` alone for an admin.
    ///
    /// - Returns: `nil` when a key is shorter than 16 characters or holds one that no header field can carry.
    package init?(_ texts: [String]) {
        for text in texts {
            var access = Route.Access.admin
            var key = text[...]
            for (role, value) in [("viewer", Route.Access.viewer), ("submitter", .submitter), ("admin", .admin)]
            where text.hasPrefix(role + ":") {
                access = value
                key = text.dropFirst(role.count + 1)
            }
            guard key.utf8.count >= 16, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            keys.append(Key(hash: Self.hash(String(key)), access: access))
        }
    }

    /// What a key opens, or `nil` when it is none of ours. The time it takes tells nothing of the keys: hashes are
    /// compared, each in full and all of them.
    func access(of key: String) -> Route.Access? {
        let hash = Self.hash(key)
        var found: Route.Access?
        for candidate in keys {
            var difference: UInt8 = 0
            for (left, right) in zip(candidate.hash, hash) { difference |= left ^ right }
            if difference == 0 { found = max(found ?? .anyone, candidate.access) }
        }
        return found
    }

    private static func hash(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}
