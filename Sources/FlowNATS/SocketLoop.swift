import CNATS
import Glibc
import Synchronization

/// The thread that reads and writes one connection's socket.
///
/// The library hands its socket out (`natsOptions_SetEventLoop`), and in turn writes nothing itself: what is published goes
/// into its buffer, at once and without waiting, and this thread sends whatever has gathered with one system call. The
/// thread also makes the connection and ends it, so that it never works on one that is gone.
final class SocketLoop: Sendable {
    private struct State: Sendable {
        var socket: Int32 = -1
        var reads = false
        var writes = false
        /// Which of the sockets that there have been it is.
        var number = 0
        var isEnding = false
        var isAwake = false
    }

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
            state.socket = socket
            state.number += 1
            state.reads = true
        }
    }

    /// Whether the library wants to read. Called with its locks held.
    func setReads(_ flag: Bool) { change { $0.reads = flag } }

    /// Whether the library has something to write. Called with its locks held.
    func setWrites(_ flag: Bool) { change { $0.writes = flag } }

    /// Lets go of the socket.
    func detach() {
        change { state in
            state.socket = -1
            state.reads = false
            state.writes = false
        }
    }

    /// Has the thread end.
    func end() { change { $0.isEnding = true } }

    private func change(_ body: (inout State) -> Void) {
        let wakes = state.withLock { state in
            body(&state)
            defer { state.isAwake = true }
            return !state.isAwake
        }
        guard wakes else { return }
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    /// Serves the connection until it is told to end. On the loop's own thread.
    ///
    /// - Parameter connection: Stays valid for as long as this runs, since the caller gives it back afterwards.
    func run(_ connection: OpaquePointer) {
        while true {
            let now = state.withLock { state in
                state.isAwake = false
                return state
            }
            if now.isEnding { return }
            var events: Int16 = 0
            if now.reads { events |= Int16(POLLIN) }
            if now.writes { events |= Int16(POLLOUT) }
            var descriptors = [
                pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: events == 0 ? -1 : now.socket, events: events, revents: 0),
            ]
            poll(&descriptors, 2, -1)
            if descriptors[0].revents != 0 {
                var count: UInt64 = 0
                _ = read(wakeDescriptor, &count, 8)
            }
            let came = descriptors[1].revents
            // The socket may have been given back, and its number to somebody else, while it was waited for.
            guard came != 0, state.withLock({ $0.number == now.number && $0.socket == now.socket }) else { continue }
            if came & Int16(POLLIN | POLLERR | POLLHUP) != 0 { natsConnection_ProcessReadEvent(connection) }
            if came & Int16(POLLOUT) != 0 { natsConnection_ProcessWriteEvent(connection) }
        }
    }
}
