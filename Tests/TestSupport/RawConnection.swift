import Dispatch
import Glibc

/// A socket on which a test says exactly what it wants. Blocking calls happen on threads of their own.
package final class RawConnection: Sendable {
    private let descriptor: Int32

    package init(port: Int) async throws {
        descriptor = try await Self.background {
            // Closed in programs that tests start: a socket of theirs must end with this object.
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else {
                close(descriptor)
                throw SocketError(code: errno)
            }
            return descriptor
        }
    }

    /// Takes a socket over that was accepted.
    init(accepted descriptor: Int32) {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    package struct SocketError: Error { package let code: Int32 }

    static func background<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            // A serial queue has a thread of its own. The global one shares its few with the tasks of the runtime, and a
            // test that waits by yielding would keep it from them.
            DispatchQueue(label: "flowcore.test").async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Sends text; false when the other side has closed.
    @discardableResult
    package func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    @discardableResult
    package func send(_ bytes: [UInt8]) async -> Bool {
        let result = try? await Self.background { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
        return result ?? false
    }

    /// Some bytes; empty when the other side has closed, `nil` when nothing came in half a minute.
    package func receive() async -> [UInt8]? {
        let result = try? await Self.background { [descriptor] () -> [UInt8]? in
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 { return errno == EAGAIN ? nil : [] }
            return Array(buffer.prefix(count))
        }
        return result ?? nil
    }

    /// Everything until the other side closes.
    package func receiveAll() async -> String {
        var all: [UInt8] = []
        while let part = await receive(), !part.isEmpty { all += part }
        return String(decoding: all, as: UTF8.self)
    }

    /// Tells the other side that nothing more comes.
    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes the connection for both sides.
    package func finish() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Closes with a reset, whatever is under way, and keeps the descriptor: dissolving the association does both (see
    /// connect(2)). After a mere shutdown nothing would be sent as long as data fill the window.
    package func reset() {
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }
}
