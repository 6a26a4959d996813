/// How to reach a broker.
package struct NATSOptions: Sendable {
    /// How the broker is told who connects.
    package enum Credentials: Sendable {
        /// Not at all.
        case none
        /// By a name and a password.
        case password(user: String, password: String)
        /// By a token.
        case token(String)
        /// By a key pair: the public key and the seed.
        case nkey(publicKey: String, seed: String)
        /// By a signed token and the seed of its key, as files of credentials hold them.
        case jwt(String, seed: String)
    }

    /// How the connection is encrypted.
    package struct TLS: Sendable {
        /// The certificates that are trusted, as PEM; `nil` for the system's.
        package var authorities: String?
        /// The client's own certificates, as PEM.
        package var certificate: String?
        /// Their key, as PEM.
        package var key: String?
        /// The name that the broker's certificate has to be for, when it is not the URL's.
        package var serverName: String?

        /// Makes a description.
        package init(
            authorities: String? = nil, certificate: String? = nil, key: String? = nil, serverName: String? = nil
        ) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
            self.serverName = serverName
        }
    }

    /// The URLs of the brokers of a cluster, such as `nats://127.0.0.1:4222`.
    package var servers: [String]
    /// The name by which brokers show the connection.
    package var name: String
    /// Who connects.
    package var credentials: Credentials
    /// How the connection is encrypted; `nil` when it is not.
    package var tls: TLS?

    /// Makes options.
    package init(servers: [String], name: String, credentials: Credentials = .none, tls: TLS? = nil) {
        self.servers = servers
        self.name = name
        self.credentials = credentials
        self.tls = tls
    }

    /// The parts of a file of credentials, or `nil` when it is none.
    package static func credentials(parsing text: String) -> Credentials? {
        guard let jwt = part("NATS USER JWT", of: text), let seed = part("USER NKEY SEED", of: text),
            isSeed(seed)
        else { return nil }
        return .jwt(jwt, seed: seed)
    }

    private static func part(_ name: String, of text: String) -> String? {
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            if isInside { return line.contains("----") ? nil : line.filter { !$0.isWhitespace } }
            isInside = line.contains("BEGIN \(name)")
        }
        return nil
    }
}
