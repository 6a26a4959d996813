package import MicroHTTPD

extension ServerOptions {
    /// Whether only this machine can reach the server.
    package var isLoopback: Bool {
        ["localhost", "::1", "[::1]"].contains(host)
            || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// The bounds that clients are told.
    package var published: [(name: String, value: Int)] {
        [
            ("max_body_bytes", maxBodyBytes), ("max_connections", maxConnections),
            ("max_header_bytes", Self.maxFieldBytes), ("max_header_fields", Self.maxFields),
            ("max_target_bytes", Self.maxTargetBytes),
        ]
    }
}
