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
    /// The threads of resolvers that keep no others waiting.
    private static let patientQueues = (0..<8).map { DispatchQueue(label: "flowcore.resolver.patient.\($0)") }

    private let isPatient: Bool

    /// Makes a resolver.
    ///
    /// - Parameter isPatient: Whether it has threads of its own, so that what it asks for, perhaps long and in vain,
    ///   keeps nobody else waiting.
    package init(isPatient: Bool = false) { self.isPatient = isPatient }

    /// The addresses of a name, or of an address written as text in any form that the system takes.
    ///
    /// - Throws: ``Failure`` when there are none.
    package func addresses(of name: String) async throws(Failure) -> [Answer] {
        let result: Result<[Answer], Failure> = await withCheckedContinuation { continuation in
            let number = Self.next.wrappingAdd(1, ordering: .relaxed).oldValue
            let queues = isPatient ? Self.patientQueues : Self.queues
            queues[number & (queues.count - 1)].async { continuation.resume(returning: Self.lookUp(name)) }
        }
        return try result.get()
    }

    /// The address that a text is, in any form that the system takes; `nil` when it is none. Nobody is asked.
    package static func address(writtenAs text: String) -> Answer? {
        guard case .success(let answers) = lookUp(text, flags: AI_NUMERICHOST) else { return nil }
        return answers.first
    }

    private static func lookUp(_ name: String, flags: Int32 = 0) -> Result<[Answer], Failure> {
        var hints = addrinfo()
        hints.ai_flags = flags
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
