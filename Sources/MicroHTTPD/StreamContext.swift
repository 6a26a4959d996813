import Synchronization

/// What the library holds of a stream.
final class StreamContext {
    let body: StreamedBody
    let connection: Connection

    init(body: StreamedBody, connection: Connection) {
        self.body = body
        self.connection = connection
        connection.daemon.liveObjects.add(1, ordering: .relaxed)
    }

    deinit { connection.daemon.liveObjects.subtract(1, ordering: .relaxed) }
}
