import CNATS
import Glibc
import Synchronization

/// The thread that reads and writes one connection's socket.
///
/// The library hands its socket out (`natsOptions_SetEventLoop`), and in turn writes nothing itself. What others publish
/// gathers here, and this thread hands it to the library and sends it with one system call: threads that publish neither
/// wait for each other nor for the library's locks. It also hands on what comes most. The thread makes the connection and ends
/// it as well, so that it never works on one that is gone.
final class SocketLoop: Sendable {
    private struct Interest: Sendable {
        var socket: Int32 = -1
        var reads = false
        var writes = false
        /// Which of the sockets that there have been it is.
        var number = 0
    }

    private struct State: Sendable {
        var interest = Interest()
        var isEnding = false
        var hasEnded = false
        var isAwake = false
        var outbox: [Outgoing] = []
        /// What goes with the next other message.
        var waiting: [Outgoing] = []
        var reminder: ContinuousClock.Instant?

        /// How long the thread may sleep, in milliseconds; -1 for as long as nothing comes.
        var patience: Int32 {
            if !outbox.isEmpty { return 0 }
            guard let reminder else { return -1 }
            // A millisecond more, so that it has come by then.
            let left = ContinuousClock.now.duration(to: reminder) / .milliseconds(1)
            return Int32(min(max(left, 0), 60_000)) + 1
        }

        /// Moves what is to be sent, if something is that does not wait for others.
        mutating func take(into messages: inout [Outgoing]) {
            guard !outbox.isEmpty else { return }
            // First, since who asks whether all has arrived does so with a message.
            swap(&waiting, &messages)
            if messages.isEmpty { return swap(&outbox, &messages) }
            messages += outbox
            outbox.removeAll(keepingCapacity: outbox.count <= SocketLoop.mostKept)
        }

        /// Whether it is time to remind.
        mutating func takeReminder() -> Bool {
            guard let reminder, reminder <= .now else { return false }
            self.reminder = nil
            return true
        }
    }

    /// How many messages there is room kept for.
    private static let mostKept = 1024

    private let state = Mutex(State())
    private let wakeDescriptor: Int32

    /// - Throws: ``NATSError`` when the system has no descriptor left.
    init() throws(NATSError) {
        wakeDescriptor = flow_nats_event_descriptor()
        guard wakeDescriptor >= 0 else { throw .library("the system has no event descriptor left") }
    }

    deinit { Glibc.close(wakeDescriptor) }

    /// Takes the socket of a new or renewed connection.
    func attach(_ socket: Int32) {
        change { state in
            state.interest.socket = socket
            state.interest.number += 1
            state.interest.reads = true
        }
    }

    /// Whether the library wants to read. Called with its locks held.
    func setReads(_ flag: Bool) { change { $0.interest.reads = flag } }

    /// Whether the library has something to write. Called with its locks held.
    func setWrites(_ flag: Bool) { change { $0.interest.writes = flag } }

    /// Lets go of the socket.
    func detach() {
        change { state in
            state.interest.socket = -1
            state.interest.reads = false
            state.interest.writes = false
        }
    }

    /// Has the thread remind its owner, at the earlier time if it is to do so already.
    func remind(at instant: ContinuousClock.Instant) { change { $0.reminder = min($0.reminder ?? instant, instant) } }

    /// Has the thread end.
    func end() { change { $0.isEnding = true } }

    /// Has a message sent as soon as may be.
    ///
    /// - Parameter isPatient: Whether it goes along with the next other message instead, or when ``hurry()`` is called.
    /// - Returns: false when nothing is sent any more.
    func send(_ message: Outgoing, isPatient: Bool) -> Bool {
        guard isPatient else {
            return change { state in
                if !state.hasEnded { state.outbox.append(message) }
                return !state.hasEnded
            }
        }
        return state.withLock { state in
            if !state.hasEnded { state.waiting.append(message) }
            return !state.hasEnded
        }
    }

    /// Has what waits for company sent.
    func hurry() {
        guard state.withLock({ !$0.waiting.isEmpty }) else { return }
        change { state in
            state.outbox = state.waiting + state.outbox
            state.waiting = []
        }
    }

    /// Takes no more messages. Those that are left were not sent.
    func abandon() -> [Outgoing] {
        state.withLock { state in
            state.hasEnded = true
            defer {
                state.outbox = []
                state.waiting = []
            }
            return state.waiting + state.outbox
        }
    }

    private func change<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, wakes) = state.withLock { state in
            let result = body(&state)
            defer { state.isAwake = true }
            return (result, !state.isAwake)
        }
        if wakes {
            var one: UInt64 = 1
            _ = write(wakeDescriptor, &one, 8)
        }
        return result
    }

    /// Serves the connection until it is told to end. On the loop's own thread.
    ///
    /// - Parameters:
    ///   - connection: Stays valid for as long as this runs, since the caller gives it back afterwards.
    ///   - onRead: Called when the library has read something.
    ///   - onReminder: Called when it is time to remind.
    func run(_ connection: OpaquePointer, onRead: () -> Void, onReminder: () -> Void) {
        // Two arrays take turns, so that none has to be made anew.
        var messages: [Outgoing] = []
        while true {
            // Whoever is about to publish more gets to it first, where several do: what has gathered goes out with one
            // system call.
            if handOver(&messages, connection) > 1 {
                sched_yield()
                _ = handOver(&messages, connection)
            }
            let (interest, patience, isEnding) = state.withLock { state in
                let patience = state.patience
                state.isAwake = patience == 0
                return (state.interest, patience, state.isEnding)
            }
            if isEnding { return }
            // What has come meanwhile is handed over next, but never keeps from the socket what was before it.
            serve(interest, timeout: patience, connection, onRead)
            if state.withLock({ $0.takeReminder() }) { onReminder() }
        }
    }

    /// - Returns: how many there were.
    private func handOver(_ messages: inout [Outgoing], _ connection: OpaquePointer) -> Int {
        state.withLock { $0.take(into: &messages) }
        let count = messages.count
        for message in messages { message.publish(on: connection) }
        messages.removeAll(keepingCapacity: count <= Self.mostKept)
        return count
    }

    private func serve(
        _ now: Interest, timeout: Int32, _ connection: OpaquePointer, _ onRead: () -> Void
    ) {
        var events: Int16 = 0
        if now.reads { events |= Int16(POLLIN) }
        if now.writes { events |= Int16(POLLOUT) }
        var descriptors = [
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: events == 0 ? -1 : now.socket, events: events, revents: 0),
        ]
        poll(&descriptors, 2, timeout)
        if descriptors[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeDescriptor, &count, 8)
        }
        let came = descriptors[1].revents
        let isSame = state.withLock { state in
            state.isAwake = true
            return state.interest.number == now.number && state.interest.socket == now.socket
        }
        // The socket may have been given back, and its number to somebody else, while it was waited for.
        guard came != 0, isSame else { return }
        if came & Int16(POLLIN | POLLERR | POLLHUP) != 0 {
            natsConnection_ProcessReadEvent(connection)
            onRead()
        }
        if came & Int16(POLLOUT) != 0 { natsConnection_ProcessWriteEvent(connection) }
    }
}
