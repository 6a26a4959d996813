import CNATS
import Dispatch
import FlowSystem
import Synchronization

/// One connection of the library, from its making to its end.
///
/// It reconnects by itself for as long as the library keeps it; the library gives up on one when a broker refuses its
/// credentials twice, say. Then ``Listener/closed()`` is told, and whoever owns it makes another one.
final class NativeConnection: Sendable {
    /// What is told of a connection, on threads of the library's.
    protocol Listener: AnyObject, Sendable {
        func connected()
        func disconnected()
        func closed()
        func failed(_ text: String)
    }

    /// A pointer of the library's.
    struct Handle: @unchecked Sendable {
        // Safe because the library locks what it points to, and it is used under the lock of `state` or on the thread that
        // alone destroys it.
        let pointer: OpaquePointer
    }

    /// What the library's callbacks get. It is retained from before the connection is made until long after it was
    /// destroyed: the library tells of a loss some time later, on a thread of its own, and nothing says when it has.
    final class Context: Sendable {
        /// How long after the end of a connection it is kept.
        private static let keep: DispatchTimeInterval = .seconds(60)

        let loop: SocketLoop
        let settings: NATSOptions
        let owner: WeakListener

        init(loop: SocketLoop, settings: NATSOptions, owner: WeakListener) {
            self.loop = loop
            self.settings = settings
            self.owner = owner
        }

        /// Calls `body` with a pointer that is valid until a while after its end.
        func lend(_ body: (UnsafeMutableRawPointer) -> Void) {
            body(Unmanaged.passRetained(self).toOpaque())
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.keep) { [self] in
                // Safe because it was retained above, once.
                Unmanaged.passUnretained(self).release()
            }
        }
    }

    /// What a subscription's callback gets. It is retained as long as the process lives, since threads of the library's may
    /// still be on their way to it; there are few of them.
    final class Receiver: Sendable {
        let handle: @Sendable (NATSMessage) -> Void
        init(_ handle: @escaping @Sendable (NATSMessage) -> Void) { self.handle = handle }
    }

    /// A listener that may be gone.
    final class WeakListener: Sendable {
        private let listener: Mutex<Weak>
        private struct Weak: Sendable { weak var value: (any Listener)? }
        init(_ value: any Listener) { listener = Mutex(Weak(value: value)) }
        var value: (any Listener)? { listener.withLock { $0.value } }
    }

    private enum State: Sendable {
        /// It is being made; this is listened to from then on.
        case connecting([(subject: String, handle: @Sendable (NATSMessage) -> Void)])
        case open(Handle, [String: Handle])
        case ended
    }

    private let state: Mutex<State>
    private let loop: SocketLoop

    /// Makes the connection on a thread of its own.
    ///
    /// - Parameter subscriptions: What is listened to from the beginning.
    init(
        _ settings: NATSOptions, listener: any Listener,
        subscriptions: [(subject: String, handle: @Sendable (NATSMessage) -> Void)]
    ) throws(NATSError) {
        loop = try SocketLoop()
        state = Mutex(.connecting(subscriptions))
        let context = Context(loop: loop, settings: settings, owner: WeakListener(listener))
        do { try DetachedThread.start { [self] in context.lend { live(context, $0) } } } catch {
            throw .library("the system has no thread left: \(error)")
        }
    }

    private func live(_ context: Context, _ lent: UnsafeMutableRawPointer) {
        let options = LibraryOptions(context.settings, context: lent)
        defer { options.destroy() }
        var pointer: OpaquePointer?
        var status = options.status
        if status == NATS_OK { status = natsConnection_Connect(&pointer, options.pointer) }
        guard let pointer, status == NATS_OK else {
            state.withLock { $0 = .ended }
            abandon()
            context.owner.value?.failed(Self.lastError(status))
            context.owner.value?.closed()
            return
        }
        let handle = Handle(pointer: pointer)
        let wanted = state.withLock { state -> [(subject: String, handle: @Sendable (NATSMessage) -> Void)]? in
            guard case .connecting(let subscriptions) = state else { return nil }
            state = .open(handle, [:])
            return subscriptions
        }
        if let wanted {
            for subscription in wanted {
                do throws(NATSError) {
                    try subscribe(subscription.subject, subscription.handle)
                } catch {
                    // Of one that is closed already its end tells why.
                    if error != .disconnected { context.owner.value?.failed(error.description) }
                }
            }
            context.owner.value?.connected()
            loop.run(pointer)
        }
        let last = state.withLock { state in
            defer { state = .ended }
            return state
        }
        if case .open(_, let subscriptions) = last {
            for subscription in subscriptions.values { natsSubscription_Destroy(subscription.pointer) }
        }
        // Nobody can reach the pointer any more: all others take it from `state`.
        natsConnection_Destroy(pointer)
        abandon()
    }

    private func abandon() { for message in loop.abandon() { message.onFailure(.disconnected) } }

    /// Ends the connection; what was published and not sent yet is dropped.
    func close() {
        state.withLock { state in
            // The thread that makes it destroys it when it finds this.
            if case .connecting = state { state = .ended }
        }
        loop.end()
    }

    /// Has a message sent as soon as may be. Does not wait.
    ///
    /// - Throws: ``NATSError/disconnected`` when the connection has ended. What goes wrong later the message is told.
    func publish(_ message: Outgoing) throws(NATSError) {
        guard loop.send(message) else { throw .disconnected }
    }

    /// Has messages on a subject handed to a function, on a thread of the subscription's own.
    func subscribe(_ subject: String, _ handle: @escaping @Sendable (NATSMessage) -> Void) throws(NATSError) {
        let receiver = Unmanaged.passRetained(Receiver(handle))
        let status = state.withLock { state -> natsStatus in
            if case .connecting(let subscriptions) = state {
                state = .connecting(subscriptions + [(subject, handle)])
                return NATS_OK
            }
            guard case .open(let connection, var subscriptions) = state else { return NATS_CONNECTION_CLOSED }
            var subscription: OpaquePointer?
            var status = natsConnection_Subscribe(
                &subscription, connection.pointer, subject, Callbacks.message, receiver.toOpaque())
            guard status == NATS_OK, let subscription else { return status }
            // What comes is bounded by what was asked for; a message that is dropped here would be missed.
            status = natsSubscription_SetPendingLimits(subscription, -1, -1)
            subscriptions[subject] = Handle(pointer: subscription)
            state = .open(connection, subscriptions)
            return status
        }
        guard status != NATS_CONNECTION_CLOSED else { throw .disconnected }
        guard status == NATS_OK else { throw .library("\(subject): \(Self.text(status))") }
    }

    /// Has no more messages come on a subject. Some may be on their way, and what was published before may reach the broker
    /// later than this.
    func unsubscribe(_ subject: String) {
        state.withLock { state in
            switch state {
            case .connecting(let subscriptions):
                state = .connecting(subscriptions.filter { $0.subject != subject })
            case .open(_, let subscriptions):
                if let handle = subscriptions[subject] { natsSubscription_Unsubscribe(handle.pointer) }
            case .ended: break
            }
        }
    }

    /// Where it is connected to.
    var url: String? {
        var buffer = [CChar](repeating: 0, count: 512)
        let status = state.withLock { state -> natsStatus in
            guard case .open(let handle, _) = state else { return NATS_CONNECTION_CLOSED }
            return natsConnection_GetConnectedUrl(handle.pointer, &buffer, buffer.count)
        }
        guard status == NATS_OK, let end = buffer.firstIndex(of: 0), end > 0 else { return nil }
        return String(decoding: buffer[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What the last call on this thread says of its failure.
    private static func lastError(_ status: natsStatus) -> String {
        var code = status
        // Safe because the text is the thread's own until its next call.
        guard let text = nats_GetLastError(&code).map({ String(cString: $0) }), !text.isEmpty else {
            return self.text(status)
        }
        return LibraryText.told(text)
    }

    static func text(_ status: natsStatus) -> String {
        // Safe because the library's texts are constants.
        natsStatus_GetText(status).map { String(cString: $0) } ?? "error \(status.rawValue)"
    }
}
