import Synchronization
import TestSupport

/// A way to a broker that can be cut: nothing goes through any more, and nobody is told.
final class CutProxy: Sendable {
    private let listener: RawListener
    private let isCut = Mutex(false)

    private init() throws { listener = try RawListener() }

    var url: String { "nats://127.0.0.1:\(listener.port)" }

    /// Cuts the way, or mends it.
    func cut(_ flag: Bool) { isCut.withLock { $0 = flag } }

    /// Calls `body` with a way to a port.
    static func with<Result: Sendable>(
        to port: Int, _ body: (CutProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = try CutProxy()
        return try await proxy.listener.serving(
            { client in
                guard let broker = try? await RawConnection(port: port) else { return client.finish() }
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await proxy.pass(client, broker) }
                    group.addTask { await proxy.pass(broker, client) }
                }
            }, { try await body(proxy) })
    }

    private func pass(_ from: RawConnection, _ to: RawConnection) async {
        while let part = await from.receive(), !part.isEmpty {
            try? await until { !isCut.withLock { $0 } }
            guard await to.send(part) else { break }
        }
        to.finish()
    }
}
