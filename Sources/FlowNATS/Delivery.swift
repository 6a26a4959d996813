/// What the subject by which a message of a stream is acknowledged says of its delivery.
package struct Delivery: Hashable, Sendable {
    /// Where acknowledgements go.
    package let subject: String
    /// How many times the message was delivered, this time included, as far as the broker remembers.
    package let count: Int

    /// Reads a reply subject, `$JS.ACK.<stream>.<consumer>.<count>.<sequence>.…` of nine parts; `nil` when it is none of a
    /// stream's.
    package init?(_ reply: String?) {
        guard let reply, reply.hasPrefix("$JS.ACK.") else { return nil }
        let bytes = reply.utf8
        let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        // Brokers with domains put the domain and a hash of the account before the stream.
        let place = dots.count == 8 ? 3 : 5
        guard dots.count == 8 || dots.count >= 10 else { return nil }
        func part(_ index: Int) -> Substring { reply[bytes.index(after: dots[index])..<dots[index + 1]] }
        guard let count = Int(part(place)), UInt64(part(place + 1)) != nil else { return nil }
        subject = reply
        self.count = count
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
    /// Says something of a delivery. Nothing tells whether it arrived. What is done with is told along with the next message:
    /// nobody waits for it.
    package func say(
        _ word: Delivery.Word, of delivery: Delivery, after delay: Duration? = nil
    ) throws(NATSError) {
        var text = word.rawValue
        if let delay { text += " {\"delay\": \(Int64(delay / .nanoseconds(1)))}" }
        try publish(delivery.subject, Array(text.utf8), isPatient: word == .ack)
    }
}
