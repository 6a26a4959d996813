import Dispatch
import Glibc
import Synchronization

/// Finds the addresses of a name.
///
/// The system's resolver blocks its thread, so it is called on threads of its own.
package struct AddressResolver: Sendable {
    /// Why a name has no address.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The system's words.
        package let description: String
    }

    /// One address of a name.
    package struct Answer: Hashable, Sendable {
        /// The address.
        package let address: IPAddress
        /// The address as text, as it came.
        package let text: String
    }

    /// Each of these has a thread of its own while it works. A concurrent queue would take the threads that tasks run on,
    /// and names whose servers do not answer would stop the whole program.
    private static let queues = (0..<16).map { DispatchQueue(label: "flowcore.resolver.\($0)") }
    private static let next = Atomic<Int>(0)

    /// Makes a resolver.
    package init() {}

    /// The addresses of a name, or of an address written as text in any form that the system takes.
    ///
    /// - Throws: ``Failure`` when there are none.
    package func addresses(of name: String) async throws(Failure) -> [Answer] {
        let result: Result<[Answer], Failure> = await withCheckedContinuation { continuation in
            let number = Self.next.wrappingAdd(1, ordering: .relaxed).oldValue
            Self.queues[number & 15].async { continuation.resume(returning: Self.lookUp(name)) }
        }
        return try result.get()
    }

    private static func lookUp(_ name: String) -> Result<[Answer], Failure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &found)
        guard code == 0 else { return .failure(Failure(description: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(found) }
        var answers: [Answer] = []
        var next = found
        while let info = next {
            if let answer = answer(info.pointee) { answers.append(answer) }
            next = info.pointee.ai_next
        }
        return answers.isEmpty ? .failure(Failure(description: "the name has no address")) : .success(answers)
    }

    private static func answer(_ info: addrinfo) -> Answer? {
        guard let address = info.ai_addr else { return nil }
        // Safe because the list is freed after the last use, and the family says which structure lies there.
        let raw = UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))
        let bytes: [UInt8]
        switch info.ai_family {
        case AF_INET where raw.count >= 8: bytes = Array(raw[4..<8])
        case AF_INET6 where raw.count >= 24: bytes = Array(raw[8..<24])
        default: return nil
        }
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer -> String? in
            guard let base = buffer.baseAddress,
                getnameinfo(address, info.ai_addrlen, base, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
            else { return nil }
            return String(cString: base)
        }
        guard let text, let parsed = IPAddress(bytes) else { return nil }
        return Answer(address: parsed, text: text)
    }
}
