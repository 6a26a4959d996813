import Glibc

/// A socket on loopback that takes connections.
package final class RawListener: Sendable {
    private let descriptor: Int32
    package let port: Int

    package init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw RawConnection.SocketError(code: errno)
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    /// The next connection; `nil` once the socket is stopped.
    func next() async -> RawConnection? {
        let accepted = try? await RawConnection.background { [descriptor] () -> Int32 in
            let accepted = accept(descriptor, nil, nil)
            if accepted >= 0 { _ = fcntl(accepted, F_SETFD, FD_CLOEXEC) }
            return accepted
        }
        guard let accepted, accepted >= 0 else { return nil }
        return RawConnection(accepted: accepted)
    }

    /// Calls `body` while each connection is answered in a task of its own.
    package func serving<Result: Sendable>(
        _ answer: @escaping @Sendable (RawConnection) async -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { connections in
                    while let connection = await self.next() { connections.addTask { await answer(connection) } }
                    connections.cancelAll()
                }
            }
            defer {
                stop()
                group.cancelAll()
            }
            return try await body()
        }
    }

    /// Takes no more connections.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
