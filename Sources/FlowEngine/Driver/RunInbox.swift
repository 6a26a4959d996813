import FlowCore
import Synchronization

/// What reaches a run's driver from outside: results of nodes, requests, the passing of time.
///
/// Any thread may send; the driver alone receives.
final class RunInbox: Sendable {
    enum Message: Sendable {
        /// An attempt came to its end.
        case ended(NodeID, attempt: Int, Result<NodeResult, BackendError>)
        /// An attempt used up its time.
        case timedOut(NodeID, attempt: Int)
        /// A node did not end within the time that its backend has to cancel.
        case abandoned(NodeID, attempt: Int)
        /// Somebody asked for the run to end.
        case cancel(reason: String?)
        /// The instant that the planner waits for has come.
        case tick
        /// The server is going down: leave the run as its journal has it.
        case suspend
    }

    private struct State: Sendable {
        var messages: [Message] = []
        var receiver: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func send(_ message: Message) {
        let receiver = state.withLock { state in
            state.messages.append(message)
            return state.receiver.take()
        }
        receiver?.resume()
    }

    /// What has come, without waiting.
    func drain() -> [Message] {
        state.withLock { state in
            guard !state.messages.isEmpty else { return [] }
            defer { state.messages.removeAll(keepingCapacity: true) }
            return state.messages
        }
    }

    /// Waits until something has come, and takes it all.
    func receive() async -> [Message] {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.messages.isEmpty { state.receiver = continuation }
                return !state.messages.isEmpty
            }
            if isReady { continuation.resume() }
        }
        return drain()
    }
}
