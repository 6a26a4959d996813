import Dispatch
import FlowJSON
import Synchronization

/// Asks a consumer for messages, and knows how many are still to come.
///
/// No thread waits: a request is a message, and what it asks for comes when it is there. A broker serves the requests of a
/// consumer in their order, so a message counts for the oldest one that is open.
package final class PullConsumer: Sendable {
    private struct Request: Sendable {
        let number: UInt64
        var left: Int
        /// When the broker has long given it up.
        let deadline: ContinuousClock.Instant
    }

    private struct State: Sendable {
        var requests: [Request] = []
        var next: UInt64 = 0
    }

    /// How long a request is taken to be open behind its time.
    private static let slack: Duration = .seconds(1)

    /// How long it takes until a request has come to its end that nobody has taken.
    private static let pause: DispatchTimeInterval = .milliseconds(100)

    private let connection: NATSConnection
    private let subject: String
    private let inbox: String
    private let state = Mutex(State())

    /// The consumer's name.
    package let name: String

    /// Makes a consumer's client.
    ///
    /// - Parameters:
    ///   - number: Tells it apart from others of the connection.
    ///   - onMessage: Gets messages, on the connection's thread, which must not be kept.
    ///   - onEnd: Called when a request has come to its end, whatever it gave.
    package init(
        _ connection: NATSConnection, stream: String, consumer: String, number: Int,
        onMessage: @escaping NATSConnection.Handler, onEnd: @escaping @Sendable () -> Void
    ) {
        self.connection = connection
        name = consumer
        subject = "$JS.API.CONSUMER.MSG.NEXT.\(stream).\(consumer)"
        inbox = "\(connection.inbox).p\(number)"
        let onNobody: @Sendable () -> Void = { [weak self] in
            // The last one, most likely: earlier ones have found somebody.
            guard self?.closeLast() == true else { return }
            // Whoever asks again at once finds nobody again, as while the brokers of a cluster choose who leads.
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.pause, execute: onEnd)
        }
        connection.listen(inbox + ".*", onNobody: onNobody) { [weak self] message in
            guard let self else { return }
            // What is sent to the inbox itself is of the request; all else is what was asked for.
            guard message.subject.hasPrefix(inbox) else {
                // In this order, so that a message is never neither to come nor with its receiver.
                onMessage(message)
                if count(message) { onEnd() }
                return
            }
            // 100 is a sign of life.
            guard message.status != 100, let number = message.number
            else { return }
            if close(number) { onEnd() }
        }
    }

    private func count(_ message: NATSMessage) -> Bool {
        state.withLock { state in
            guard !state.requests.isEmpty else { return false }
            state.requests[0].left -= 1
            guard state.requests[0].left <= 0 else { return false }
            state.requests.removeFirst()
            return true
        }
    }

    private func closeLast() -> Bool { state.withLock { $0.requests.popLast() != nil } }

    private func close(_ number: UInt64) -> Bool {
        state.withLock { state in
            guard let index = state.requests.firstIndex(where: { $0.number == number }) else { return false }
            state.requests.remove(at: index)
            return true
        }
    }

    /// How many messages may still come without a further request.
    package var outstanding: Int {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.requests.removeAll { $0.deadline < now }
            return state.requests.reduce(0) { $0 + $1.left }
        }
    }

    /// Withdraws all requests, for good.
    package func stop() {
        connection.ignore(inbox + ".*")
        forget()
    }

    /// Forgets all requests, as a broker does when the connection is lost.
    package func forget() { state.withLock { $0.requests = [] } }

    /// Asks for so many messages.
    ///
    /// - Parameter time: How long they may take to come; `nil` for those alone that are there.
    package func ask(for count: Int, within time: Duration?) throws(NATSError) {
        let number = state.withLock { state in
            state.next += 1
            let deadline = ContinuousClock.now.advanced(by: (time ?? .zero) + Self.slack)
            state.requests.append(Request(number: state.next, left: count, deadline: deadline))
            return state.next
        }
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        writer.field("batch")
        writer.integer(count)
        if let time {
            writer.field("expires")
            writer.integer(Int64(time / .nanoseconds(1)))
        } else {
            writer.field("no_wait")
            writer.bool(true)
        }
        writer.endObject()
        do throws(NATSError) {
            try connection.publish(subject, reply: "\(inbox).\(number)", writer.bytes) { [weak self] _ in
                _ = self?.close(number)
            }
        } catch {
            _ = close(number)
            throw error
        }
    }
}
