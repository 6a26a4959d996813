import Crypto
import FlowCore
import FoundationEssentials

/// Signs events as Standard Webhooks (https://www.standardwebhooks.com) has it: HMAC-SHA256 over
/// `id.seconds.body`, in the field `webhook-signature` as `v1,` and Base64.
package struct WebhookSignature {
    private let key: SymmetricKey

    /// Takes the text of a secret: `whsec_` and the key in Base64, or any other text, whose bytes are the key.
    ///
    /// - Returns: `nil` when it begins with `whsec_` and the rest is no Base64.
    package init?(secret: String) {
        let prefix = "whsec_"
        if secret.hasPrefix(prefix) {
            guard let data = Data(base64Encoded: String(secret.dropFirst(prefix.count))), !data.isEmpty else {
                return nil
            }
            key = SymmetricKey(data: data)
        } else {
            key = SymmetricKey(data: Data(secret.utf8))
        }
    }

    /// The value of the field `webhook-signature`.
    ///
    /// - Parameter seconds: The time of the attempt since 1970, which the field `webhook-timestamp` tells.
    package func field(id: String, seconds: Int64, body: [UInt8]) -> String {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: Array("\(id).\(seconds).".utf8))
        mac.update(data: body)
        return "v1," + Data(mac.finalize()).base64EncodedString()
    }
}
