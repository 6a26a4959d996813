import CMicroHTTPD
import FlowSystem
import Glibc
import Synchronization

/// A thread that waits for one file descriptor and for work that others hand it.
///
/// It is a task executor: what a handler does between its waits happens on the thread of its connection, without a
/// change of threads. The thread lives as long as the process, since tasks may prefer it that outlive the server.
final class EventLoop: TaskExecutor {
    private enum Work: Sendable {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct State: Sendable {
        var work: [Work] = []
        var isSleeping = false
    }

    private let state = Mutex(State())
    private let thread = Atomic<UInt>(0)
    private let wakeDescriptor: Int32

    /// Starts the thread.
    ///
    /// - Throws: ``ServerError`` when the system has no descriptor or thread left.
    init() throws(ServerError) {
        wakeDescriptor = flow_event_descriptor()
        guard wakeDescriptor >= 0 else { throw ServerError("no event descriptor: \(ServerError.reason(errno))") }
    }

    /// Runs the loop on a thread of its own.
    ///
    /// - Parameters:
    ///   - descriptor: What is waited for beside the work, asked for in each turn; negative for nothing.
    ///   - turn: What is done in every turn; it returns how many milliseconds may pass until the next one.
    func start(descriptor: @escaping @Sendable () -> Int32, turn: @escaping @Sendable () -> Int32) throws(ServerError) {
        do { try DetachedThread.start { [self] in run(descriptor, turn) } } catch {
            throw ServerError("no thread: \(error)")
        }
    }

    private func run(_ descriptor: () -> Int32, _ turn: () -> Int32) {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        while true {
            var timeout = turn()
            let mayTake = state.withLock { state in
                if state.work.isEmpty, timeout != 0 { state.isSleeping = true }
                return !state.work.isEmpty
            }
            if mayTake { timeout = 0 }
            var descriptors = [
                pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor(), events: Int16(POLLIN), revents: 0),
            ]
            if !mayTake {
                sched_yield()
                poll(&descriptors, 2, timeout)
            }
            state.withLock { $0.isSleeping = false }
            if descriptors[0].revents != 0 {
                var count: UInt64 = 0
                _ = read(wakeDescriptor, &count, 8)
            }
            drain()
        }
    }

    /// Whether the caller is on the loop's thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Runs work that waits. Only on the loop's thread.
    func drain(limit: Int = 1024) {
        var done = 0
        while done < limit {
            let work = state.withLock { state -> [Work] in
                defer { state.work.removeAll(keepingCapacity: true) }
                return state.work
            }
            if work.isEmpty { return }
            for item in work {
                switch item {
                case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
                case .call(let body): body()
                }
            }
            done += work.count
        }
    }

    /// Takes a task's next part.
    func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    /// Has the thread call something in its next turn.
    func post(_ body: @escaping @Sendable () -> Void) { add(.call(body)) }

    /// Calls something on the thread: now when this is the thread, else in its next turn.
    func perform(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { body() } else { post(body) }
    }

    private func add(_ work: Work) {
        let wakes = state.withLock { state in
            state.work.append(work)
            defer { state.isSleeping = false }
            return state.isSleeping
        }
        guard wakes else { return }
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    /// The reference by which the concurrency runtime knows the loop.
    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
