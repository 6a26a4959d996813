import CMicroHTTPD
import Glibc

/// Sockets that listen on one address, one for each event loop, among which the system spreads the connections.
struct ListenSockets {
    let descriptors: [Int32]
    let port: Int

    /// Binds and listens.
    ///
    /// - Throws: ``ServerError`` when the address is unknown or in use.
    init(host: String, port: Int, count: Int) throws(ServerError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let found else {
            throw ServerError("the address \"\(host)\" is not known: \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        var descriptors: [Int32] = []
        do throws(ServerError) {
            // Sockets that share their port would also share it with another server of the same user: a first bind
            // without sharing finds out whether the port is free.
            close(try Self.bound(found.pointee, port: nil, isShared: false, host: host))
            var bound: Int?
            for _ in 0..<count {
                let descriptor = try Self.bound(found.pointee, port: bound, isShared: true, host: host)
                descriptors.append(descriptor)
                bound = Self.port(of: descriptor)
                guard listen(descriptor, 1024) == 0 else {
                    throw ServerError("cannot listen on \(host):\(port): \(ServerError.reason(errno))")
                }
            }
            self.descriptors = descriptors
            self.port = bound ?? port
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
    }

    private static func bound(
        _ info: addrinfo, port: Int?, isShared: Bool, host: String
    ) throws(ServerError) -> Int32 {
        let type = info.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(info.ai_family, type, info.ai_protocol)
        guard descriptor >= 0 else { throw ServerError("no socket: \(ServerError.reason(errno))") }
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
        if isShared { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, size) }
        var address = sockaddr_storage()
        memcpy(&address, info.ai_addr, Int(info.ai_addrlen))
        if let port { setPort(&address, port) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, info.ai_addrlen) }
        }
        guard result == 0 else {
            let reason = ServerError.reason(errno)
            close(descriptor)
            throw ServerError("cannot listen on \(host): \(reason)")
        }
        return descriptor
    }

    /// The port of a bound socket.
    private static func port(of descriptor: Int32) -> Int {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        // The port lies at the same place in addresses of both families.
        return withUnsafeBytes(of: &address) {
            Int(UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        }
    }

    private static func setPort(_ address: inout sockaddr_storage, _ port: Int) {
        withUnsafeMutableBytes(of: &address) {
            $0.storeBytes(of: UInt16(truncatingIfNeeded: port).bigEndian, toByteOffset: 2, as: UInt16.self)
        }
    }

    /// The text of an address, without its port.
    static func text(_ address: UnsafePointer<sockaddr>?) -> String {
        guard let address else { return "" }
        let size =
            address.pointee.sa_family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer in
            guard let base = buffer.baseAddress,
                getnameinfo(address, socklen_t(size), base, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
            else { return "" }
            return String(cString: base)
        }
    }
}
