package import FlowHTTP
import Glibc
import Synchronization

/// Serves HTTP through libmicrohttpd.
package final class HTTPServer: Sendable {
    /// The port that the server listens on.
    package let port: Int
    private let daemons: [Daemon]

    /// Binds the address and begins to serve.
    ///
    /// - Throws: ``ServerError`` when the address cannot be had or the certificate is not valid.
    package init(options: ServerOptions, responder: any HTTPResponder) throws(ServerError) {
        signal(SIGPIPE, SIG_IGN)
        let count = max(1, options.loops)
        let sockets = try ListenSockets(host: options.host, port: options.port, count: count)
        var daemons: [Daemon] = []
        for descriptor in sockets.descriptors {
            let daemon = Daemon(
                loop: try EventLoop(), options: options, maxConnections: max(1, options.maxConnections / count),
                responder: responder)
            try daemon.start(listening: descriptor)
            daemons.append(daemon)
        }
        for daemon in daemons {
            try daemon.loop.start(descriptor: { daemon.descriptor }, turn: { daemon.turn() })
        }
        self.daemons = daemons
        port = sockets.port
    }

    /// Stops: no new connection is accepted, streams end, and what runs may go on for so long.
    package func stop(grace: Duration) async {
        let timer = Task { [daemons] in
            do { try await ContinuousClock().sleep(for: grace) } catch { return }
            for daemon in daemons { daemon.loop.post { daemon.abandon() } }
        }
        await withTaskGroup { group in
            for daemon in daemons {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        daemon.loop.post { daemon.drain { continuation.resume() } }
                    }
                }
            }
        }
        timer.cancel()
    }

    /// How many connections and streams there are in memory, closed ones that something still holds included.
    package var liveObjects: Int {
        daemons.reduce(0) { $0 + $1.liveObjects.load(ordering: .relaxed) }
    }

    /// How many connections are open.
    package var connectionCount: Int {
        get async {
            var total = 0
            for daemon in daemons {
                total += await withCheckedContinuation { continuation in
                    daemon.loop.post { continuation.resume(returning: daemon.connectionCount) }
                }
            }
            return total
        }
    }
}
