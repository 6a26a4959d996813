import FlowCore
import FlowJSON
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
        /// A running node handed out a part of its result.
        case chunk(NodeID, attempt: Int, JSONValue)
        /// Another backend does the work of an attempt.
        case switched(NodeID, attempt: Int, BackendSwitch)
        /// Somebody asks something of the run.
        case command(RunCommand, RunReply)
        /// The instant that the planner waits for has come.
        case tick
        /// The server is going down: leave the run as its journal has it.
        case suspend
    }

    private struct State: Sendable {
        var messages: [Message] = []
        var receiver: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    private let state = Mutex(State())

    func send(_ message: Message) {
        let (receiver, isClosed) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            guard !state.isClosed else { return (nil, true) }
            state.messages.append(message)
            return (state.receiver.take(), false)
        }
        receiver?.resume()
        if isClosed, case .command(_, let reply) = message { reply.give(.gone) }
    }

    /// Asks something of the run and waits for the answer.
    func ask(_ command: RunCommand) async -> RunReply.Answer {
        let reply = RunReply()
        send(.command(command, reply))
        return await reply.answer()
    }

    /// Takes no more: nobody will receive. Whoever waits for an answer learns of it.
    func close() {
        let messages = state.withLock { state in
            state.isClosed = true
            defer { state.messages = [] }
            return state.messages
        }
        for case .command(_, let reply) in messages { reply.give(.gone) }
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
    nonisolated(nonsending) func receive() async -> [Message] {
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
