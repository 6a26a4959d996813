import CNATS

/// A message as it came, copied out of the library.
package struct NATSMessage: Sendable {
    /// The subject that it was sent to.
    package var subject: String
    /// Where an answer goes.
    package var reply: String?
    /// What the broker itself says with an empty message, such as 408.
    package var status: Int?
    /// What was sent.
    package var payload: [UInt8]

    /// Makes a message.
    package init(subject: String, reply: String? = nil, status: Int? = nil, payload: [UInt8]) {
        self.subject = subject
        self.reply = reply
        self.status = status
        self.payload = payload
    }

    /// The number that is the last part of the subject, if it is one.
    var number: UInt64? {
        // By bytes: characters would have to be made of them first.
        guard let dot = subject.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        return UInt64(subject[subject.utf8.index(after: dot)...])
    }
}

extension NATSMessage {
    /// Copies a message of the library's; `nil` when it says nothing of where it was sent.
    init?(copying message: OpaquePointer) {
        guard let subject = natsMsg_GetSubject(message) else { return nil }
        self.init(
            subject: String(cString: subject), reply: natsMsg_GetReply(message).map { String(cString: $0) }, payload: []
        )
        let count = Int(natsMsg_GetDataLength(message))
        if count > 0, let data = natsMsg_GetData(message) {
            // Safe because the library says how many bytes there are, and they live as long as the message.
            payload = [UInt8](UnsafeRawBufferPointer(start: data, count: count))
        } else {
            var value: UnsafePointer<CChar>?
            if natsMsgHeader_Get(message, "Status", &value) == NATS_OK, let value {
                status = Int(String(cString: value))
            }
        }
    }
}
