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
        /// What ``NativeConnection/remind(at:)`` asked for. On the loop's thread.
        func reminded()
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

    /// What the callback of a subscription with a thread of its own gets. It is retained as long as the process lives, since
    /// threads of the library's may still be on their way to it; there are few of them.
    final class Receiver: Sendable {
        let receive: @Sendable (NATSMessage) -> Void
        init(_ receive: @escaping @Sendable (NATSMessage) -> Void) { self.receive = receive }
    }

    /// A subject that is listened to.
    struct Topic: Sendable {
        let subject: String
        /// Gets the messages, on a thread of the subscription's own, or on the loop's if there is `onNobody`.
        let receive: @Sendable (NATSMessage) -> Void
        /// Called instead when something was asked that nobody takes: the library does not say what, to a subscription whose
        /// messages are fetched.
        let onNobody: (@Sendable () -> Void)?
    }

    /// The library's part of a subject that is listened to.
    private struct Subscription: Sendable {
        let topic: Topic
        let handle: Handle
        /// Whether no more messages are wanted. The library's part stays until the connection's end, since the thread of the
        /// loop may be with it.
        var isOver = false
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
        case connecting([Topic])
        case open(Handle, [Subscription])
        case ended
    }

    private let state: Mutex<State>
    private let loop: SocketLoop

    /// Makes the connection on a thread of its own.
    ///
    /// - Parameter topics: What is listened to from the beginning.
    init(_ settings: NATSOptions, listener: any Listener, topics: [Topic]) throws(NATSError) {
        loop = try SocketLoop()
        state = Mutex(.connecting(topics))
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
        let wanted = state.withLock { state -> [Topic]? in
            guard case .connecting(let topics) = state else { return nil }
            state = .open(handle, [])
            return topics
        }
        if let wanted {
            for topic in wanted {
                do throws(NATSError) { try subscribe(topic) } catch {
                    // Of one that is closed already its end tells why.
                    if error != .disconnected { context.owner.value?.failed(error.description) }
                }
            }
            context.owner.value?.connected()
            let spent = SpentMessages()
            loop.run(
                pointer, onRead: { [self] in deliver(spent) }, onReminder: { context.owner.value?.reminded() })
            spent.empty()
        }
        let last = state.withLock { state in
            defer { state = .ended }
            return state
        }
        if case .open(_, let subscriptions) = last {
            for subscription in subscriptions { natsSubscription_Destroy(subscription.handle.pointer) }
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
    func publish(_ message: Outgoing, isPatient: Bool = false) throws(NATSError) {
        guard loop.send(message, isPatient: isPatient) else { throw .disconnected }
    }

    /// Has what waits for company sent.
    func hurry() { loop.hurry() }

    /// Has the listener reminded, unless the connection has ended by then.
    func remind(at instant: ContinuousClock.Instant) { loop.remind(at: instant) }

    /// Has messages on a subject handed on.
    ///
    /// The library has a thread for a subscription, which each message wakes. Of what comes most, messages are fetched by the
    /// loop's thread instead, when it has read some.
    func subscribe(_ topic: Topic) throws(NATSError) {
        let status = state.withLock { state -> natsStatus in
            if case .connecting(let topics) = state {
                state = .connecting(topics + [topic])
                return NATS_OK
            }
            guard case .open(let connection, let subscriptions) = state else { return NATS_CONNECTION_CLOSED }
            var pointer: OpaquePointer?
            var status =
                if topic.onNobody != nil {
                    natsConnection_SubscribeSync(&pointer, connection.pointer, topic.subject)
                } else {
                    natsConnection_Subscribe(
                        &pointer, connection.pointer, topic.subject, Callbacks.message,
                        Unmanaged.passRetained(Receiver(topic.receive)).toOpaque())
                }
            guard status == NATS_OK, let pointer else { return status }
            // What comes is bounded by what was asked for; a message that is dropped here would be missed.
            status = natsSubscription_SetPendingLimits(pointer, -1, -1)
            state = .open(
                connection, subscriptions + [Subscription(topic: topic, handle: Handle(pointer: pointer))])
            return status
        }
        guard status != NATS_CONNECTION_CLOSED else { throw .disconnected }
        guard status == NATS_OK else { throw .library("\(topic.subject): \(Self.text(status))") }
    }

    /// Has no more messages come on a subject. Some may be on their way, and what was published before may reach the broker
    /// later than this.
    func unsubscribe(_ subject: String) {
        state.withLock { state in
            switch state {
            case .connecting(let topics): state = .connecting(topics.filter { $0.subject != subject })
            case .open(let connection, var subscriptions):
                for index in subscriptions.indices
                where subscriptions[index].topic.subject == subject && !subscriptions[index].isOver {
                    natsSubscription_Unsubscribe(subscriptions[index].handle.pointer)
                    subscriptions[index].isOver = true
                }
                state = .open(connection, subscriptions)
            case .ended: break
            }
        }
    }

    /// Hands out what has come. On the loop's thread, which alone destroys subscriptions.
    private func deliver(_ spent: SpentMessages) {
        let subscriptions = state.withLock { state -> [Subscription] in
            if case .open(_, let subscriptions) = state { subscriptions } else { [] }
        }
        for subscription in subscriptions {
            guard !subscription.isOver, let onNobody = subscription.topic.onNobody else { continue }
            let pointer = subscription.handle.pointer
            var count: Int32 = 0
            guard natsSubscription_GetPending(pointer, &count, nil) == NATS_OK else { continue }
            for _ in 0..<count {
                var message: OpaquePointer?
                // A time of zero has it not wait.
                let status = natsSubscription_NextMsg(&message, pointer, 0)
                if status == NATS_NO_RESPONDERS {
                    onNobody()
                    continue
                }
                guard status == NATS_OK, let message else { break }
                defer { spent.add(message) }
                if let copy = NATSMessage(copying: message) { subscription.topic.receive(copy) }
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
