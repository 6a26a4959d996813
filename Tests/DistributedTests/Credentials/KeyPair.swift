import Crypto
import FlowJSON
import Foundation

/// A key pair of NATS, of somebody who signs the tokens of others or shows who he is.
struct KeyPair {
    /// Whose it is.
    enum Owner: UInt8 {
        case account = 0
        case `operator` = 14
        case user = 20
    }

    private static let seedMark: UInt8 = 18

    /// The public key, which stands for its owner.
    let name: String
    /// The private one.
    let seed: String
    private let key = Curve25519.Signing.PrivateKey()

    init(_ owner: Owner) {
        name = Self.text([owner.rawValue << 3] + key.publicKey.rawRepresentation)
        let first = Self.seedMark << 3 | owner.rawValue >> 2
        seed = Self.text([first, (owner.rawValue & 3) << 6] + key.rawRepresentation)
    }

    /// The token of somebody, signed with this key.
    func token(of subject: String, isExpired: Bool = false, _ claims: JSONObject) throws -> String {
        var body: JSONObject = [
            "jti": .string(UUID().uuidString), "iat": .integer(Int64(Date.now.timeIntervalSince1970)),
            "iss": .string(name), "sub": .string(subject), "name": .string(subject), "nats": .object(claims),
        ]
        if isExpired { body["exp"] = .integer(Int64(Date.now.timeIntervalSince1970) - 3600) }
        let parts = [["typ": "JWT", "alg": "ed25519-nkey"], JSONValue.object(body)].map { Self.base64($0.description) }
        let signed = parts.joined(separator: ".")
        return signed + "." + Self.base64(try key.signature(for: Data(signed.utf8)))
    }

    private static func base64(_ text: String) -> String { base64(Data(text.utf8)) }

    private static func base64(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Bytes and their checksum in base 32.
    private static func text(_ bytes: [UInt8]) -> String {
        var sum: UInt16 = 0
        for byte in bytes {
            sum ^= UInt16(byte) << 8
            for _ in 0..<8 { sum = sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
        }
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (text, bits, count) = ("", 0, 0)
        for byte in bytes + [UInt8(sum & 0xFF), UInt8(sum >> 8)] {
            bits = (bits << 8 | Int(byte)) & 0xFFFF
            count += 8
            while count >= 5 {
                count -= 5
                text.append(letters[bits >> count & 31])
            }
        }
        if count > 0 { text.append(letters[bits << (5 - count) & 31]) }
        return text
    }
}

/// An operator with an account that has streams: who trusts the operator trusts the users of the account.
struct Realm {
    private let account = KeyPair(.account)
    /// What a broker's configuration says of it.
    let configuration: String

    init() throws {
        let (operatorKeys, system) = (KeyPair(.operator), KeyPair(.account))
        let trust = try operatorKeys.token(of: operatorKeys.name, ["type": "operator", "version": 2])
        func token(of account: KeyPair, storage: JSONValue) throws -> String {
            let all: JSONValue = -1
            return try operatorKeys.token(
                of: account.name,
                [
                    "type": "account", "version": 2,
                    "limits": [
                        "subs": all, "data": all, "payload": all, "imports": all, "exports": all, "wildcards": true,
                        "conn": all, "leaf": all, "mem_storage": storage, "disk_storage": storage, "streams": storage,
                        "consumer": storage,
                    ],
                ])
        }
        configuration = """
            operator: "\(trust)"
            system_account: \(system.name)
            resolver: MEMORY
            resolver_preload {
              \(account.name): "\(try token(of: account, storage: -1))"
              \(system.name): "\(try token(of: system, storage: 0))"
            }
            """
    }

    /// A file of credentials of a user of the account.
    ///
    /// - Parameter user: Whose key it has, when that is not the token's.
    func credentials(seed user: KeyPair? = nil, isExpired: Bool = false) throws -> String {
        let keys = KeyPair(.user)
        let token = try account.token(
            of: keys.name, isExpired: isExpired, ["type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1])
        return """
            -----BEGIN NATS USER JWT-----
            \(token)
            ------END NATS USER JWT------

            -----BEGIN USER NKEY SEED-----
            \(user?.seed ?? keys.seed)
            ------END USER NKEY SEED------

            """
    }
}
