import CMicroHTTPD
import FlowHTTP
import Glibc
import Synchronization

/// A body on its way from the task that makes it to the library that sends it.
///
/// The library asks for bytes on the loop's thread. When there are none the connection is suspended, and the next write
/// has the loop resume it.
final class StreamedBody: BodyWriter {
    /// A writer waits while more than this many bytes wait to be sent.
    static let highWater = 256 << 10

    private struct State: Sendable {
        var buffer: [UInt8] = []
        var offset = 0
        var isFinished = false
        var isDead = false
        var isParked = false
        var waiter: CheckedContinuation<Void, Never>?

        var waiting: Int { buffer.count - offset }
    }

    private let state = Mutex(State())
    private let resume: @Sendable () -> Void

    /// - Parameter resume: Has the loop resume the connection; called from any thread.
    init(resume: @escaping @Sendable () -> Void) { self.resume = resume }

    func write(_ bytes: [UInt8]) async -> Bool {
        let resumes = state.withLock { state in
            if !state.isDead { state.buffer += bytes }
            defer { state.isParked = false }
            return state.isParked && !state.isDead
        }
        if resumes { resume() }
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard !state.isDead, state.waiting > Self.highWater else { return false }
                state.waiter = continuation
                return true
            }
            if !mustWait { continuation.resume() }
        }
        return state.withLock { !$0.isDead }
    }

    /// Ends the body: what was written is still sent.
    func finish() {
        let resumes = state.withLock { state in
            state.isFinished = true
            defer { state.isParked = false }
            return state.isParked && !state.isDead
        }
        if resumes { resume() }
    }

    /// Gives up: the client has gone.
    func abandon() {
        let waiter = state.withLock { state in
            state.isDead = true
            state.buffer = []
            state.offset = 0
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// What a reader gets.
    enum Read {
        case bytes(Int)
        case nothing
        case end
    }

    /// Takes bytes into the library's buffer; with nothing to take, the caller has to suspend the connection.
    func read(into buffer: UnsafeMutablePointer<CChar>, maximum: Int) -> Read {
        let (result, waiter) = state.withLock { state -> (Read, CheckedContinuation<Void, Never>?) in
            guard state.waiting > 0 else {
                if state.isFinished || state.isDead { return (.end, nil) }
                state.isParked = true
                return (.nothing, nil)
            }
            let count = min(maximum, state.waiting)
            state.buffer.withUnsafeBytes { source in
                // Safe because the library's buffer holds `maximum` bytes and the range lies within ours.
                if let base = source.baseAddress { memcpy(buffer, base + state.offset, count) }
            }
            state.offset += count
            if state.offset == state.buffer.count {
                state.buffer.removeAll(keepingCapacity: state.buffer.capacity < 1 << 16)
                state.offset = 0
            }
            guard state.waiting <= Self.highWater / 2 else { return (.bytes(count), nil) }
            return (.bytes(count), state.waiter.take())
        }
        waiter?.resume()
        return result
    }
}
