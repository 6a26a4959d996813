import CNATS
import Glibc
import Synchronization

/// The thread that reads and writes one connection's socket.
///
/// The library hands its socket out (`natsOptions_SetEventLoop`), and in turn writes nothing itself. What others publish
/// gathers here, and this thread hands it to the library and sends it with one system call: threads that publish neither
/// wait for each other nor for the library's locks. The thread also makes the connection and ends it, so that it never
/// works on one that is gone.
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

    /// Has the thread end.
    func end() { change { $0.isEnding = true } }

    /// Has a message sent as soon as may be.
    ///
    /// - Returns: false when nothing is sent any more.
    func send(_ message: Outgoing) -> Bool {
        change { state in
            if !state.hasEnded { state.outbox.append(message) }
            return !state.hasEnded
        }
    }

    /// Takes no more messages. Those that are left were not sent.
    func abandon() -> [Outgoing] {
        state.withLock { state in
            state.hasEnded = true
            defer { state.outbox = [] }
            return state.outbox
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
    /// - Parameter connection: Stays valid for as long as this runs, since the caller gives it back afterwards.
    func run(_ connection: OpaquePointer) {
        // Two arrays take turns, so that none has to be made anew.
        var messages: [Outgoing] = []
        while true {
            if handOver(&messages, connection) {
                // Whoever is about to publish more gets to it first: what has gathered goes out with one system call.
                sched_yield()
                _ = handOver(&messages, connection)
            }
            let (interest, mayWait, isEnding) = state.withLock { state in
                state.isAwake = !state.outbox.isEmpty
                return (state.interest, !state.isAwake, state.isEnding)
            }
            if isEnding { return }
            // What has come meanwhile is handed over next, but never keeps from the socket what was before it.
            serve(interest, timeout: mayWait ? -1 : 0, connection)
        }
    }

    /// - Returns: whether there was anything.
    private func handOver(_ messages: inout [Outgoing], _ connection: OpaquePointer) -> Bool {
        state.withLock { swap(&$0.outbox, &messages) }
        let count = messages.count
        for message in messages { message.publish(on: connection) }
        messages.removeAll(keepingCapacity: count <= Self.mostKept)
        return count > 0
    }

    private func serve(_ now: Interest, timeout: Int32, _ connection: OpaquePointer) {
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
        if came & Int16(POLLIN | POLLERR | POLLHUP) != 0 { natsConnection_ProcessReadEvent(connection) }
        if came & Int16(POLLOUT) != 0 { natsConnection_ProcessWriteEvent(connection) }
    }
}
