import Crypto
public import FlowJSON

/// The hashes that receipts hold: `sha256:` and the digits of the SHA-256 of a value's canonical text (RFC 8785).
public enum ReceiptHash {
    /// The hash of a value.
    public static func of(_ value: JSONValue) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("sha256:".utf8)
        for byte in SHA256.hash(data: value.interchangeBytes) {
            text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
