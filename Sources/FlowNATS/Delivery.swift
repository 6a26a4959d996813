/// What the subject by which a message of a stream is acknowledged says of its delivery.
package struct Delivery: Hashable, Sendable {
    /// Where acknowledgements go.
    package let subject: String
    /// The stream.
    package let stream: String
    /// The consumer.
    package let consumer: String
    /// How many times the message was delivered, this time included, as far as the broker remembers.
    package let count: Int
    /// The message's place in the stream.
    package let sequence: UInt64

    /// Reads a reply subject; `nil` when it is none of a stream's.
    package init?(_ reply: String?) {
        guard let reply, reply.hasPrefix("$JS.ACK.") else { return nil }
        var parts = reply.split(separator: ".", omittingEmptySubsequences: false)[...]
        // Brokers with domains put the domain and a hash of the account before the rest.
        guard parts.count == 9 || parts.count >= 11 else { return nil }
        parts = parts.count == 9 ? parts.dropFirst(2) : parts.dropFirst(4)
        let fields = Array(parts)
        guard let count = Int(fields[2]), let sequence = UInt64(fields[3]) else { return nil }
        subject = reply
        stream = String(fields[0])
        consumer = String(fields[1])
        self.count = count
        self.sequence = sequence
    }

    /// What is said of a delivery.
    package enum Word: String, Sendable {
        /// It is done with.
        case ack = "+ACK"
        /// It is to be delivered again.
        case nak = "-NAK"
        /// It is being worked on.
        case progress = "+WPI"
        /// It is never to be delivered again.
        case term = "+TERM"
    }
}

extension NATSConnection {
    /// Says something of a delivery. Nothing tells whether it arrived.
    package func say(
        _ word: Delivery.Word, of delivery: Delivery, after delay: Duration? = nil
    ) throws(NATSError) {
        var text = word.rawValue
        if let delay { text += " {\"delay\": \(Int64(delay / .nanoseconds(1)))}" }
        try publish(delivery.subject, Array(text.utf8))
    }
}
