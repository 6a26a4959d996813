public import FlowCore
import HeapModule
import Synchronization

/// Calls back at instants, any number of them with one sleeping task.
///
/// Most deadlines of a server never strike: a wait ends, a node finishes. Setting and lifting one is therefore cheap,
/// and what has been lifted is swept away in bulk.
public final class Deadlines: Sendable {
    /// Names one deadline so that it can be lifted.
    public struct Token: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Entry: Comparable, Sendable {
        let instant: Timestamp
        let number: UInt64

        static func < (left: Entry, right: Entry) -> Bool {
            (left.instant, left.number) < (right.instant, right.number)
        }
    }

    private struct State: Sendable {
        var actions: [UInt64: @Sendable () -> Void] = [:]
        /// Also holds deadlines that have been lifted, until they are swept out.
        var heap = Heap<Entry>()
        var next: UInt64 = 0
        var sleeper: Task<Void, Never>?
        var sleepsUntil: Timestamp?
    }

    private let clock: any WallClock
    private let executor: (any TaskExecutor)?
    private let state = Mutex(State())

    /// Makes a set of deadlines that go by a clock.
    ///
    /// - Parameter executor: Where the task sleeps and calls back; `nil` leaves it to the system.
    public init(clock: any WallClock, executor: (any TaskExecutor)? = nil) {
        self.clock = clock
        self.executor = executor
    }

    deinit { state.withLock { $0.sleeper?.cancel() } }

    /// Calls `action` once when the instant has come. It runs on a thread of the pool and must not block.
    public func schedule(at instant: Timestamp, _ action: @escaping @Sendable () -> Void) -> Token {
        state.withLock { state in
            state.next += 1
            let number = state.next
            state.actions[number] = action
            state.heap.insert(Entry(instant: instant, number: number))
            if state.sleepsUntil.map({ instant < $0 }) ?? true { wake(&state, at: instant) }
            return Token(number: number)
        }
    }

    /// Lifts a deadline; nothing happens when it has struck.
    public func cancel(_ token: Token) {
        state.withLock { state in
            guard state.actions.removeValue(forKey: token.number) != nil else { return }
            if state.actions.isEmpty {
                // The sleeper goes on: the next deadline most often comes later than the one that it sleeps for.
                state.heap = Heap()
            } else if state.heap.count > 1024, state.heap.count > state.actions.count * 4 {
                state.heap = Heap(state.heap.unordered.filter { state.actions[$0.number] != nil })
            }
        }
    }

    /// Starts a task that sleeps until the instant, in place of the one that would sleep longer.
    private func wake(_ state: inout State, at instant: Timestamp) {
        state.sleeper?.cancel()
        state.sleepsUntil = instant
        // Unstructured, since it serves all callers; the state owns it and cancels it when it is of no more use.
        state.sleeper = Task(executorPreference: executor) { [clock, weak self] in
            do { try await clock.sleep(until: instant, tolerance: nil) } catch { return }
            self?.strike()
        }
    }

    private func strike() {
        let now = clock.now
        let due = state.withLock { state -> [@Sendable () -> Void] in
            var due: [@Sendable () -> Void] = []
            while let first = state.heap.min, first.instant <= now || state.actions[first.number] == nil {
                if let action = state.actions.removeValue(forKey: first.number) { due.append(action) }
                state.heap.removeMin()
            }
            state.sleeper = nil
            state.sleepsUntil = nil
            if let first = state.heap.min { wake(&state, at: first.instant) }
            return due
        }
        for action in due { action() }
    }
}
