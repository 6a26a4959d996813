import FlowCore
import FlowJSON
import FlowNATS

/// How a broker is reached, with secrets by their names.
struct BrokerCredentials: Sendable {
    private enum Kind: Sendable {
        /// The text of a file of credentials.
        case file(SecretName)
        case password(user: String, SecretName)
        case token(SecretName)
        case nkey(publicKey: String, SecretName)
    }

    private let kind: Kind
    private let place: JSONPointer

    /// Reads credentials: the name of a secret that holds a file of credentials, or an object.
    init?(_ value: JSONValue, at place: JSONPointer, _ outer: inout FieldReader) {
        self.place = place
        if let text = value.string {
            guard let name = SecretName(checking: text) else {
                outer.add(ValidationIssue(place, "expected the name of a secret"))
                return nil
            }
            kind = .file(name)
            return
        }
        guard let object = value.object else {
            outer.add(ValidationIssue(place, "expected the name of a secret, or an object"))
            return nil
        }
        var fields = FieldReader(object, at: place)
        let user = fields.text("user")
        let publicKey = fields.text("nkey", maximum: 64)
        let password = Self.secret("password", &fields)
        let token = Self.secret("token", &fields)
        let seed = Self.secret("seed", &fields)
        let issues = fields.finish()
        outer.add(issues)
        switch (user, password, token, publicKey, seed) {
        case (let user?, let password?, nil, nil, nil): kind = .password(user: user, password)
        case (nil, nil, let token?, nil, nil): kind = .token(token)
        case (nil, nil, nil, let key?, let seed?): kind = .nkey(publicKey: key, seed)
        default:
            if issues.isEmpty {
                outer.add(
                    ValidationIssue(
                        place, "expected user and password, or token, or nkey and seed; all but names are secrets"))
            }
            return nil
        }
    }

    private static func secret(_ name: String, _ outer: inout FieldReader) -> SecretName? {
        guard let object = outer.object(name) else { return nil }
        let place = outer.pointer(name)
        var fields = FieldReader(object, at: place)
        fields.require("secret")
        let secret = fields.value("secret", expected: "the name of a secret") {
            $0.string.flatMap(SecretName.init(checking:))
        }
        outer.add(fields.finish())
        return secret
    }

    /// The credentials themselves.
    ///
    /// - Throws: ``ValidationError`` when a secret is not there, or is none.
    func resolved(_ secrets: any SecretSource) throws(ValidationError) -> NATSOptions.Credentials {
        func value(_ name: SecretName) throws(ValidationError) -> String {
            guard let text = secrets.secret(name.rawValue) else {
                throw ValidationError([ValidationIssue(place, "there is no secret \"\(name)\"")])
            }
            return text
        }
        switch kind {
        case .file(let name):
            guard let credentials = NATSOptions.credentials(parsing: try value(name)) else {
                throw ValidationError([ValidationIssue(place, "the secret \"\(name)\" holds no credentials of NATS")])
            }
            return credentials
        case .password(let user, let name): return .password(user: user, password: try value(name))
        case .token(let name): return .token(try value(name))
        case .nkey(let key, let name):
            let seed = try value(name)
            guard NATSOptions.isSeed(seed) else {
                throw ValidationError([ValidationIssue(place, "the secret \"\(name)\" holds no seed of a key of NATS")])
            }
            return .nkey(publicKey: key, seed: seed)
        }
    }
}

/// How the connection to a broker is encrypted.
struct BrokerTLS: Sendable {
    /// The path of the certificates that are trusted.
    var authorities: String?
    var certificate: String?
    var key: String?
    var serverName: String?

    init(_ object: JSONObject, at place: JSONPointer, _ outer: inout FieldReader) {
        var fields = FieldReader(object, at: place)
        authorities = fields.text("ca_file", maximum: 4096)
        certificate = fields.text("certificate_file", maximum: 4096)
        key = fields.text("key_file", maximum: 4096)
        serverName = fields.text("server_name")
        if (certificate == nil) != (key == nil) {
            fields.add(ValidationIssue(place, "a certificate needs its key, and a key its certificate"))
        }
        outer.add(fields.finish())
    }
}
