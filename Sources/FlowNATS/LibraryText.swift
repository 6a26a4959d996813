import CNATS
import Glibc

/// What the library says, as it is told.
enum LibraryText {
    /// What it says when a broker hangs up in the place of an answer to the first message.
    private static let hangUp = "Expected 'PONG', got ''"

    /// A reason without the place in the library's source where it was found.
    static func told(_ text: String) -> String {
        var text = text[...]
        if text.hasPrefix("("), let end = text.firstRange(of: "): ") { text = text[end.upperBound...] }
        guard !text.contains(hangUp) else {
            // With TLS 1.3 a client has done its part when the broker judges its certificate.
            return
                "the broker hung up without a reason, as it does when it does not accept the certificate of who connects, or got none"
        }
        return String(text)
    }
}

extension NATSOptions {
    /// Whether a text is the seed of a key that can sign.
    package static func isSeed(_ text: String) -> Bool {
        // The first connection would open the library otherwise; a second time does nothing.
        guard nats_Open(-1) == NATS_OK else { return false }
        var signature: UnsafeMutablePointer<UInt8>?
        var count: Int32 = 0
        let status = nats_Sign(text, "nonce", &signature, &count)
        // Safe because the library leaves the signature to who asked for it, and frees nothing of it.
        free(signature)
        return status == NATS_OK
    }
}
