import FlowCore
import Synchronization

/// The attempts that were begun for others: those under way, and for a while what came of those that were given a key,
/// so that whoever asks again is told the same and the node is not executed twice.
final class NodeAttempts: Sendable {
    /// The name of an attempt: keys of different backends are different keys.
    struct Key: Hashable, Sendable {
        let backend: BackendName
        let text: String
    }

    /// So many may be under way.
    static let maxActive = 1000
    /// So many that have ended are kept, in so many bytes of JSON and so long.
    static let maxKept = 1000
    static let maxKeptBytes = 16 << 20
    static let keptTime: Duration = .seconds(600)

    private struct Ended: Sendable {
        let key: Key
        let attempt: NodeAttempt
        let time: Timestamp
    }

    private struct State: Sendable {
        var byKey: [Key: NodeAttempt] = [:]
        /// In the order in which they ended.
        var ended: ArraySlice<Ended> = []
        var endedBytes = 0
        var active = 0
    }

    private let state = Mutex(State())

    /// How many are under way.
    var activeCount: Int { state.withLock { $0.active } }

    /// The attempt of that key, or a new one that the caller has to begin. Either is joined.
    ///
    /// - Throws: ``ServiceError`` when the key stands for another request, or too many are under way.
    func join(
        _ key: Key?, fingerprint: String?, now: Timestamp, make: () -> NodeAttempt
    ) throws(ServiceError) -> (attempt: NodeAttempt, isNew: Bool) {
        try state.withLock { state throws(ServiceError) in
            Self.forget(&state, now: now)
            if let key, let known = state.byKey[key] {
                guard known.fingerprint == fingerprint else { throw .idempotencyMismatch }
                known.join()
                return (known, false)
            }
            guard state.active < Self.maxActive else {
                throw .overloaded("\(state.active) nodes of other servers are being executed", retryAfter: .seconds(1))
            }
            state.active += 1
            let attempt = make()
            attempt.join()
            if let key { state.byKey[key] = attempt }
            return (attempt, true)
        }
    }

    /// Takes one back that nobody follows.
    ///
    /// - Returns: whether it is to be ended: it is under way, and nobody has joined it again.
    func leave(_ attempt: NodeAttempt, _ key: Key?) -> Bool {
        state.withLock { state in
            guard attempt.leave() else { return false }
            if let key, state.byKey[key] === attempt { state.byKey[key] = nil }
            return true
        }
    }

    /// Notes that one has ended.
    func ended(_ attempt: NodeAttempt, _ key: Key?, at now: Timestamp) {
        state.withLock { state in
            state.active -= 1
            guard let key, state.byKey[key] === attempt else { return }
            guard attempt.hasResult else {
                state.byKey[key] = nil
                return
            }
            state.ended.append(Ended(key: key, attempt: attempt, time: now))
            state.endedBytes += attempt.bytes
            Self.forget(&state, now: now)
        }
    }

    private static func forget(_ state: inout State, now: Timestamp) {
        while let first = state.ended.first,
            state.ended.count > maxKept || state.endedBytes > maxKeptBytes
                || first.time.duration(to: now) > keptTime
        {
            state.ended.removeFirst()
            state.endedBytes -= first.attempt.bytes
            if state.byKey[first.key] === first.attempt { state.byKey[first.key] = nil }
        }
    }
}
