import CNATS

/// A message on its way to the library.
struct Outgoing: Sendable {
    let subject: String
    let reply: String?
    let headers: [(String, String)]
    let payload: [UInt8]
    /// Called when the library does not take it.
    let onFailure: @Sendable (NATSError) -> Void

    /// Hands it to the library. On the thread of the connection's loop.
    func publish(on connection: OpaquePointer) {
        let status = handOver(connection)
        guard status != NATS_OK else { return }
        switch status {
        case NATS_CONNECTION_CLOSED, NATS_CONNECTION_DISCONNECTED, NATS_INSUFFICIENT_BUFFER: onFailure(.disconnected)
        default: onFailure(.library(NativeConnection.text(status)))
        }
    }

    private func handOver(_ connection: OpaquePointer) -> natsStatus {
        payload.withUnsafeBufferPointer { bytes in
            let data = bytes.baseAddress
            let count = Int32(clamping: bytes.count)
            if headers.isEmpty {
                guard let reply else { return natsConnection_Publish(connection, subject, data, count) }
                return natsConnection_PublishRequest(connection, subject, reply, data, count)
            }
            var message: OpaquePointer?
            // The library copies all that it gets here.
            var status = bytes.withMemoryRebound(to: CChar.self) {
                natsMsg_Create(&message, subject, reply, $0.baseAddress, count)
            }
            for header in headers where status == NATS_OK {
                status = natsMsgHeader_Set(message, header.0, header.1)
            }
            if status == NATS_OK { status = natsConnection_PublishMsg(connection, message) }
            natsMsg_Destroy(message)
            return status
        }
    }
}
