import FlowJSON
import TestSupport

/// How a broker knows who connects, and who it is that connects.
enum Scheme: String, CaseIterable, Sendable {
    case password, token, nkey, credentials, encryption, certificates

    /// What somebody shows to a broker.
    struct Pass: Sendable {
        var name: String
        /// What a registration says.
        var config: JSONObject = [:]
        /// The secrets that it names.
        var secrets: [String: String] = [:]
        var arguments: [String] = []
        var environment: [String: String] = [:]
        /// Whether workers can show it as well.
        var isForWorkers = true
        /// What the reason has to tell; empty for a pass that is right.
        var reason: [String] = []
    }

    /// A broker's configuration, and passes for it.
    struct Setup: Sendable {
        var broker: String
        var right: Pass
        var wrong: [Pass]
    }

    func setup() async throws -> Setup {
        switch self {
        case .password:
            func pass(_ password: String, _ reason: [String] = []) -> Pass {
                Pass(
                    name: password,
                    config: ["credentials": ["user": "flow", "password": ["secret": .string(password)]]],
                    secrets: [password: "secret-\(password)"], arguments: ["--user", "flow"],
                    environment: ["FLOWCORE_WORKER_PASSWORD": "secret-\(password)"], reason: reason)
            }
            return Setup(
                broker: "authorization { users: [{ user: flow, password: \"secret-right\" }] }", right: pass("right"),
                wrong: [pass("wrong", ["authorization"]), Pass(name: "none", reason: ["authorization"])])
        case .token:
            func pass(_ token: String, _ reason: [String] = []) -> Pass {
                Pass(
                    name: token, config: ["credentials": ["token": ["secret": .string(token)]]],
                    secrets: [token: "secret-\(token)"], environment: ["FLOWCORE_WORKER_TOKEN": "secret-\(token)"],
                    reason: reason)
            }
            return Setup(
                broker: "authorization { token: \"secret-right\" }", right: pass("right"),
                wrong: [pass("wrong", ["authorization"])])
        case .nkey:
            let (known, other) = (KeyPair(.user), KeyPair(.user))
            func pass(_ name: String, _ key: String, seed: String, _ reason: [String] = []) -> Pass {
                Pass(
                    name: name, config: ["credentials": ["nkey": .string(key), "seed": ["secret": .string(name)]]],
                    secrets: [name: seed], arguments: ["--nkey", key], environment: ["FLOWCORE_WORKER_SEED": seed],
                    reason: reason)
            }
            return Setup(
                broker: "authorization { users: [{ nkey: \(known.name) }] }",
                right: pass("right", known.name, seed: known.seed),
                wrong: [
                    pass("stranger", other.name, seed: other.seed, ["authorization"]),
                    pass("thief", known.name, seed: other.seed, ["authorization"]),
                ])
        case .credentials: return try credentials()
        case .encryption: return try await encryption()
        case .certificates: return try await certificates()
        }
    }

    private func credentials() throws -> Setup {
        let (realm, other) = (try Realm(), try Realm())
        func pass(_ name: String, _ text: String, _ reason: [String] = []) throws -> Pass {
            Pass(
                name: name, config: ["credentials": .string(name)], secrets: [name: text],
                arguments: ["--credentials", try file("user.creds", text, in: try madeDirectory())], reason: reason)
        }
        return Setup(
            broker: realm.configuration, right: try pass("right", try realm.credentials()),
            wrong: [
                try pass("stranger", try other.credentials(), ["authorization"]),
                try pass("thief", try realm.credentials(seed: KeyPair(.user)), ["authorization"]),
                try pass("expired", try realm.credentials(isExpired: true), ["authorization", "expired"]),
            ])
    }

    private static func tls(_ authority: Authority, _ own: (certificate: String, key: String)? = nil) -> Pass {
        var tls: JSONObject = ["ca_file": .string(authority.file)]
        var arguments = ["--tls-ca", authority.file]
        if let own {
            tls["certificate_file"] = .string(own.certificate)
            tls["key_file"] = .string(own.key)
            arguments += ["--tls-certificate", own.certificate, "--tls-key", own.key]
        }
        return Pass(name: "right", config: ["tls": .object(tls)], arguments: arguments)
    }

    private func encryption() async throws -> Setup {
        let (authority, other) = (try await Authority(), try await Authority())
        let own = try await authority.certificate("broker")
        var stranger = Self.tls(other)
        stranger.name = "stranger"
        stranger.reason = ["certificate"]
        // The broker's certificate is not for that name.
        let named = Pass(
            name: "named", config: ["tls": ["ca_file": .string(authority.file), "server_name": "other"]],
            isForWorkers: false, reason: ["certificate", "hostname"])
        let plain = Pass(name: "plain", reason: ["certificate"])
        return Setup(
            broker: "tls { cert_file: \"\(own.certificate)\", key_file: \"\(own.key)\" }", right: Self.tls(authority),
            wrong: [stranger, named, plain])
    }

    private func certificates() async throws -> Setup {
        let (authority, other) = (try await Authority(), try await Authority())
        let own = try await authority.certificate("broker")
        var stranger = Self.tls(authority, try await other.certificate("stranger"))
        stranger.name = "stranger"
        stranger.reason = ["certificate"]
        var without = Self.tls(authority)
        without.name = "without"
        without.reason = ["certificate"]
        return Setup(
            broker: """
                tls { cert_file: "\(own.certificate)", key_file: "\(own.key)", ca_file: "\(authority.file)", verify: true }
                """, right: Self.tls(authority, try await authority.certificate("client")), wrong: [stranger, without])
    }
}
